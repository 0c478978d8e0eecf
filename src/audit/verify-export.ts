import { encodeUtf8 } from '../bytes/index.ts';
import { countOf, isRecord, parseJson, SealroomError } from '../errors/index.ts';
import { checkInclusionProof, findFork, openCheckpoint, type OpenedCheckpoint, type Verifier } from '../tlog/index.ts';
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
 * Checks an export: that its records are in one log that a known key signed, each once and in order, all under one checkpoint, and
 * that this checkpoint does not contradict those that were seen before.
 *
 * A checkpoint of fewer records than the export's cannot be compared with it; that takes a proof of growth.
 *
 * @param seen checkpoints of the log that were seen before
 * @throws {SealroomError} AUDIT_RECORD if the text is not an export. The report contains the problems of its records.
 */
export function verifyExport(text: string, verifiers: readonly Verifier[], seen: readonly string[] = []): ExportReport {
  const lines = text.split('\n');
  if (lines.pop() !== '') throw notExport(lines.length + 1);
  const checked = new ExportCheck(verifiers);
  for (const [place, line] of lines.entries()) checked.add(parseExportLine(line, place + 1), place + 1);
  return { records: lines.length, size: checked.size, problems: checked.end(seen) };
}

/**
 * Passes on the lines of an export as they come, each once it was checked as {@link verifyExport} does.
 *
 * @throws {SealroomError} AUDIT_RECORD for a line that is none of an export; AUDIT_PROOF for one with a problem, which is not passed on.
 */
export async function* checkedExport(
  lines: AsyncIterable<string>,
  verifiers: readonly Verifier[],
): AsyncGenerator<string> {
  const checked = new ExportCheck(verifiers);
  let place = 0;
  for await (const line of lines) {
    place += 1;
    checked.add(parseExportLine(line, place), place);
    const [problem] = checked.end([]);
    if (problem !== undefined) throw new SealroomError('AUDIT_PROOF', problem.message);
    yield line;
  }
}

interface ExportLine {
  readonly proof: string;
  readonly record: string;
}

/** The lines of an export so far, and what is wrong with them. */
class ExportCheck {
  readonly #verifiers: readonly Verifier[];
  readonly #problems: AuditProblem[] = [];
  /** All different checkpoints, the first line's first. */
  readonly #checkpoints = new Map<string, OpenedCheckpoint>();
  #index = -1;

  constructor(verifiers: readonly Verifier[]) {
    this.#verifiers = verifiers;
  }

  /** The number of records of the log. */
  get size(): number {
    return Math.max(0, ...[...this.#checkpoints.values()].map(({ size }) => size));
  }

  add({ proof, record }: ExportLine, place: number): void {
    this.#trying(`line ${String(place)}`, () => {
      const bytes = encodeUtf8(record);
      const { index, checkpoint } = checkInclusionProof(proof, bytes, this.#verifiers);
      this.#checkpoints.set(checkpoint.note, checkpoint);
      if (parseRecord(bytes).index !== index) throw new SealroomError('AUDIT_PROOF', 'the proof is for another record');
      //= audit A-29
      const before = this.#index;
      this.#index = index;
      if (index <= before)
        throw new SealroomError('AUDIT_PROOF', `record ${String(index)} follows record ${String(before)}`);
      const [first = checkpoint] = this.#checkpoints.values();
      if (first.note !== checkpoint.note)
        throw new SealroomError('AUDIT_PROOF', 'its checkpoint is not that of the first line');
    });
  }

  /** All problems, including contradictions with checkpoints that were seen before. */
  end(seen: readonly string[]): readonly AuditProblem[] {
    const [own] = this.#checkpoints.values();
    const earlier: OpenedCheckpoint[] = [];
    for (const [index, note] of seen.entries()) {
      this.#trying(`checkpoint ${String(index + 1)} seen before`, () => {
        const checkpoint = openCheckpoint(note, this.#verifiers);
        if (own !== undefined && checkpoint.origin !== own.origin)
          throw new SealroomError('AUDIT_NOTE', `it is of another log, \`${checkpoint.origin}\``);
        earlier.push(checkpoint);
        if (own !== undefined && checkpoint.size > own.size) {
          const sizes = `${countOf(checkpoint.size, 'record')}, and the export is of ${String(own.size)}`;
          throw new SealroomError('AUDIT_PROOF', `it is of a log of ${sizes}`);
        }
      });
    }
    const fork = findFork([...this.#checkpoints.values(), ...earlier]);
    return fork === null ? this.#problems : [{ record: null, ...fork }, ...this.#problems];
  }

  #trying(place: string, action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof SealroomError)) throw error;
      this.#problems.push({ record: null, message: `${place}: ${error.message}` });
    }
  }
}

function parseExportLine(line: string, place: number): ExportLine {
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
