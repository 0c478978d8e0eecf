import { encodeUtf8 } from '../bytes/index.ts';
import { isRecord, parseJson, SealroomError } from '../errors/index.ts';
import { checkInclusionProof, type Verifier } from '../tlog/index.ts';
import { parseRecord } from './audit-record.ts';
import type { AuditProblem } from './chain.ts';

/** The result of checking an export. */
export interface ExportReport {
  readonly records: number;
  /** Number of records in the log that the export was made from. */
  readonly size: number;
  readonly problems: readonly AuditProblem[];
}

/**
 * Checks an export: that each of its records is in the log that a known key signed.
 *
 * @throws {SealroomError} AUDIT_RECORD if the text is not an export. The report contains the problems of its records.
 */
export function verifyExport(text: string, verifiers: readonly Verifier[]): ExportReport {
  const problems: AuditProblem[] = [];
  const lines = text.split('\n');
  if (lines.pop() !== '') throw notExport(lines.length + 1);
  let size = 0;
  for (const [place, line] of lines.entries()) {
    const { proof, record } = parseExportLine(line, place + 1);
    try {
      const bytes = encodeUtf8(record);
      const { index, checkpoint } = checkInclusionProof(proof, bytes, verifiers);
      size = Math.max(size, checkpoint.size);
      if (parseRecord(bytes).index !== index) throw new SealroomError('AUDIT_PROOF', 'the proof is for another record');
    } catch (error) {
      if (!(error instanceof SealroomError)) throw error;
      problems.push({ record: null, message: `line ${String(place + 1)}: ${error.message}` });
    }
  }
  return { records: lines.length, size, problems };
}

function parseExportLine(line: string, place: number): { readonly proof: string; readonly record: string } {
  const value = parseJson(line);
  const { proof, record } = isRecord(value) ? value : {};
  if (typeof proof !== 'string' || typeof record !== 'string') throw notExport(place);
  return { proof, record };
}

function notExport(line: number): SealroomError {
  return new SealroomError('AUDIT_RECORD', 'the line does not consist of a proof and a record', {
    where: { line },
    hint: 'only files that `sealroom audit export` writes can be checked',
  });
}
