import { equalConstantTime, encodeBase64 } from '../bytes/index.ts';
import { SealroomError } from '../errors/index.ts';
import { findFork, hashLeaf, openCheckpoint, type OpenedCheckpoint, TreeEdge, type Verifier } from '../tlog/index.ts';
import { type AuditProblem, Chain } from './chain.ts';
import { History } from './history.ts';
import { type Line, splitLines } from './line.ts';

/** Who is trusted to have signed a log, and what is known of it. */
export interface TrustedLog {
  /** The keys that its checkpoints may be signed with. */
  readonly verifiers: readonly Verifier[];
  /** Checkpoints of the log that were seen before. */
  readonly seen: readonly string[];
}

/** The result of checking a log. */
export interface AuditReport {
  /** The origin that the checkpoints state; `null` if none could be opened. */
  readonly origin: string | null;
  /** Number of lines of the log. */
  readonly records: number;
  /** The root over all of them, in Base64. */
  readonly root: string;
  /** Number of checkpoints that match the records: the log's own and those seen before. */
  readonly checkpoints: number;
  /** Names and ids of the keys that signed them. */
  readonly signedBy: readonly string[];
  /** Records of queries that started and whose end is not recorded: they are running, or were killed. This is not a problem of the log. */
  readonly unfinished: readonly number[];
  /** All problems; empty if the log is intact. */
  readonly problems: readonly AuditProblem[];
}

/**
 * Checks the records of a log that is in memory, as `verifyLog` does with one on disk.
 *
 * @param log the bytes of `log.jsonl`
 * @param checkpoint the text of the log's checkpoint
 */
export function verifyRecords(log: Uint8Array, checkpoint: string, trusted: TrustedLog): Promise<AuditReport> {
  return verifyLines(splitLines(log), checkpoint, trusted);
}

/** Checks the lines of a log, in their order, against each other and against its checkpoint and those seen before. */
export async function verifyLines(
  lines: Iterable<Line> | AsyncIterable<Line>,
  checkpoint: string,
  { verifiers, seen }: TrustedLog,
): Promise<AuditReport> {
  const heads = new Heads();
  heads.open(checkpoint, verifiers, 'the checkpoint of the log');
  for (const [index, note] of seen.entries())
    heads.open(note, verifiers, `checkpoint ${String(index + 1)} seen before`);
  const chain = new Chain();
  const history = new History();
  const edge = new TreeEdge();
  const contradictions: AuditProblem[] = [];
  for await (const line of lines) {
    const leaf = hashLeaf(line.bytes);
    const index = edge.size;
    const record = chain.add(line, leaf);
    edge.add(leaf);
    heads.compare(edge);
    // After the first problem, what earlier records say is not known.
    if (record === null || chain.problems.length > 0) continue;
    for (const message of history.contradictions(record)) contradictions.push({ record: index, message });
    history.add(record);
  }
  chain.end();
  const { size } = edge;
  const opened = heads.all.map(({ checkpoint }) => checkpoint);
  return {
    origin: opened[0]?.origin ?? null,
    records: size,
    root: encodeBase64(edge.root()),
    checkpoints: heads.all.filter(({ isGood }) => isGood).length,
    signedBy: [...new Set(opened.flatMap(({ signedBy }) => signedBy.map(({ name, keyId }) => `${name}+${keyId}`)))],
    unfinished: chain.problems.length > 0 ? [] : history.unfinished(),
    problems: [
      ...heads.problems,
      ...heads.forks(),
      ...chain.problems,
      ...contradictions,
      ...heads.findings(size, chain.problems.length > 0),
    ],
  };
}

interface Head {
  readonly checkpoint: OpenedCheckpoint;
  /** Whether the records match its root. */
  isGood: boolean;
}

/** The checkpoints that a log must agree with. */
class Heads {
  readonly all: Head[] = [];
  readonly problems: AuditProblem[] = [];

  open(note: string, verifiers: readonly Verifier[], name: string): void {
    try {
      const checkpoint = openCheckpoint(note, verifiers);
      const origin = this.all[0]?.checkpoint.origin ?? checkpoint.origin;
      if (checkpoint.origin !== origin)
        throw new SealroomError('AUDIT_NOTE', `it is of another log, \`${checkpoint.origin}\``);
      this.all.push({ checkpoint, isGood: false });
      if (checkpoint.size === 0) this.compare(new TreeEdge());
    } catch (error) {
      if (!(error instanceof SealroomError)) throw error;
      this.problems.push({ record: null, message: `${name}: ${error.message}` });
    }
  }

  compare(edge: TreeEdge): void {
    for (const head of this.all) {
      if (head.checkpoint.size === edge.size) head.isGood = equalConstantTime(head.checkpoint.root, edge.root());
    }
  }

  /** Two checkpoints that cannot both be true, which is not a fault of the records. */
  forks(): readonly AuditProblem[] {
    const fork = findFork(this.all.map(({ checkpoint }) => checkpoint));
    return fork === null ? [] : [{ record: null, ...fork }];
  }

  /** @param isLocated whether the links already showed which records are wrong */
  findings(records: number, isLocated: boolean): readonly AuditProblem[] {
    //= audit A-50
    const found: AuditProblem[] = [];
    const sizes = this.all.map(({ checkpoint }) => checkpoint.size);
    const good = this.all.filter(({ isGood }) => isGood).map(({ checkpoint }) => checkpoint.size);
    // Beside a checkpoint that matches, another one of its size is a fork, and the records are as they were signed.
    const bad = this.all.filter(
      ({ isGood, checkpoint: { size } }) => !isGood && size <= records && !good.includes(size),
    );
    const end = Math.min(...bad.map(({ checkpoint }) => checkpoint.size));
    if (bad.length > 0) {
      const from = Math.max(0, ...good.filter((size) => size < end));
      // If all records link to each other up to the last, then the last one was changed, whatever else was.
      const record = isLocated || end === 0 ? null : end - 1;
      const last = record === null ? '' : ', and the last one certainly was';
      const which = `records ${String(from)} to ${String(end - 1)}`;
      found.push({
        record,
        message: `the checkpoint of ${String(end)} records does not match: some of ${which} were changed${last}`,
      });
    }
    const most = Math.max(0, ...sizes);
    if (most > records)
      found.push({ record: records, message: `records up to ${String(most - 1)} were signed but are missing` });
    if (most < records && this.all.length > 0) {
      found.push({ record: most, message: 'from here on the records are not signed' });
    }
    return found;
  }
}
