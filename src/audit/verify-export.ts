import { encodeUtf8 } from '../bytes/index.ts';
import { SealroomError } from '../errors/index.ts';
import { checkInclusionProof, type Verifier } from '../tlog/index.ts';
import { parseRecord } from './audit-record.ts';
import type { AuditProblem } from './chain.ts';

/** What was found in an export. */
export interface ExportReport {
  readonly records: number;
  /** Records of the log that the export was made from. */
  readonly size: number;
  readonly problems: readonly AuditProblem[];
}

/**
 * Checks an export: that each of its records is in the log that a known key signed.
 *
 * @throws {SealroomError} AUDIT_RECORD if the text is no export. What is wrong with its records is in the report.
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
      if (parseRecord(bytes).index !== index) throw new SealroomError('AUDIT_PROOF', 'the proof is for another place');
    } catch (error) {
      if (!(error instanceof SealroomError)) throw error;
      problems.push({ record: null, message: `line ${String(place + 1)}: ${error.message}` });
    }
  }
  return { records: lines.length, size, problems };
}

function parseExportLine(line: string, place: number): { readonly proof: string; readonly record: string } {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw notExport(place);
  }
  if (typeof value !== 'object' || value === null || !('proof' in value) || !('record' in value))
    throw notExport(place);
  const { proof, record } = value;
  if (typeof proof !== 'string' || typeof record !== 'string') throw notExport(place);
  return { proof, record };
}

function notExport(line: number): SealroomError {
  return new SealroomError('AUDIT_RECORD', 'expected lines with a proof and a record, got others', {
    where: { line },
    hint: 'this checks what `sealroom audit export` writes',
  });
}
