import { stat } from 'node:fs/promises';
import {
  type AuditProblem,
  type AuditRecord,
  exportRecords,
  proveGrowth,
  proveRecord,
  readCheckpoint,
  readRecords,
  readSignerFile,
  verifyExport,
  verifyLog,
} from '../../audit/index.ts';
import type { FileText } from '../../custody/index.ts';
import { SealroomError } from '../../errors/index.ts';
import { readTextFile } from '../../files/index.ts';
import { checkConsistencyProof, parseVerifiers, splitNotes, type Verifier } from '../../tlog/index.ts';
import { authorise } from './authorise.ts';
import { readManifest } from './collaboration.ts';
import { homeOf, type MemberEnvironment } from './environment.ts';

type HomeEnvironment = Pick<MemberEnvironment, 'env' | 'cwd' | 'home'>;

/** Which log, and whose signatures count. */
export interface LogChoice {
  /** Absolute path of a log's directory; that of the home's keys if left out. */
  readonly log?: string | undefined;
  /** Verifier keys that may have signed, one a line; the key of the home for its own log if left out. */
  readonly keys?: FileText | undefined;
}

/** A log, and the keys that may have signed it. */
interface LogSource {
  readonly directory: string;
  readonly verifiers: readonly Verifier[];
}

/** Whose roles say who may look at what others did. */
export interface AuditorCheck {
  /** A signed manifest, of whose people only auditors may; without it, everybody may. */
  readonly manifest?: FileText | undefined;
}

async function requireAuditor(environment: HomeEnvironment, { manifest: text }: AuditorCheck): Promise<void> {
  const manifest = text === undefined ? null : await readManifest(text);
  await authorise(homeOf(environment), { action: 'audit', envelope: null, manifest });
}

function logDirectory(environment: HomeEnvironment, { log }: LogChoice): string {
  return log ?? homeOf(environment).log;
}

async function openSource(environment: HomeEnvironment, choice: LogChoice): Promise<LogSource> {
  const { log, keys } = choice;
  const directory = logDirectory(environment, choice);
  if (keys !== undefined) return { directory, verifiers: parseVerifiers(keys.text, { file: keys.file }) };
  if (log !== undefined) {
    throw new SealroomError('USAGE_OPTION', 'missing required argument: keys', {
      hint: 'whose signatures count is for you to say: give a file with their verifier keys, one a line',
    });
  }
  return { directory, verifiers: [(await readSignerFile(homeOf(environment).logKey)).verifier] };
}

/** What was found in a log, an export of one, or a proof. */
export type AuditFinding =
  | { readonly kind: 'log'; readonly report: Awaited<ReturnType<typeof verifyLog>> }
  | { readonly kind: 'export'; readonly report: ReturnType<typeof verifyExport> }
  | {
      readonly kind: 'growth';
      readonly report: {
        readonly origin: string;
        readonly size: number;
        readonly problems: readonly AuditProblem[];
      };
    };

/**
 * Checks a log, an export or a proof that a log grew, against the keys that may have signed it and what was seen before.
 *
 * @param choice its `log` may name a file, too
 * @param seen checkpoints, one after the other
 * @throws {SealroomError} USAGE_OPTION if a log needs keys, or what was seen does not fit; as the checks; IO_READ.
 */
export async function verifyAudit(
  environment: HomeEnvironment,
  choice: LogChoice,
  seen: FileText | undefined,
): Promise<AuditFinding> {
  const { directory: path, verifiers } = await openSource(environment, choice);
  const checkpoints = seen === undefined ? [] : splitNotes(seen.text);
  if (seen !== undefined && checkpoints.length === 0) {
    throw new SealroomError('USAGE_OPTION', '`--seen` expected checkpoints, got an empty file');
  }
  // What is missing is told by the reader.
  const isLog = (await stat(path).catch(() => null))?.isDirectory() === true;
  if (isLog) return { kind: 'log', report: await verifyLog({ directory: path, verifiers, seen: checkpoints }) };
  const text = await readTextFile(path);
  if (text.startsWith('old ')) {
    const [earlier, ...others] = checkpoints;
    if (earlier === undefined || others.length > 0) {
      const got = String(checkpoints.length);
      throw new SealroomError('USAGE_OPTION', `expected \`--seen\` with one checkpoint, got ${got}`);
    }
    const { origin, size } = checkConsistencyProof(text, earlier, verifiers);
    return { kind: 'growth', report: { origin, size, problems: [] } };
  }
  if (checkpoints.length > 0)
    throw new SealroomError('USAGE_OPTION', '`--seen` expected with a log or a proof, got an export');
  return { kind: 'export', report: verifyExport(text, verifiers) };
}

/** Whether a record tells of a key: of the secret with this id, or of what the key with this URI wrapped. */
function tellsOf(key: string, { event }: AuditRecord): boolean {
  //= audit A-63
  return event.kind === 'key' && (event.secretId === key || event.key === key);
}

/**
 * The records of a log, or those of one key; not checked. Whoever may not see them is refused at the first.
 *
 * @throws {SealroomError} as `authorise` and `readRecords`
 */
export async function* showRecords(
  environment: HomeEnvironment,
  choice: Pick<LogChoice, 'log'>,
  { key, ...auditor }: AuditorCheck & { readonly key?: string | undefined },
): AsyncGenerator<{ readonly record: AuditRecord; readonly line: string }> {
  await requireAuditor(environment, auditor);
  for await (const each of readRecords(logDirectory(environment, choice))) {
    if (key === undefined || tellsOf(key, each.record)) yield each;
  }
}

/**
 * The lines of an export: the records that a member may see, each with its proof. Whoever may not see them is refused at the
 * first.
 *
 * @throws {SealroomError} as `authorise` and `exportRecords`; USAGE_OPTION if a log needs keys.
 */
export async function* exportForMember(
  environment: HomeEnvironment,
  choice: LogChoice,
  { member, ...auditor }: AuditorCheck & { readonly member: string },
): AsyncGenerator<string> {
  await requireAuditor(environment, auditor);
  yield* exportRecords(await openSource(environment, choice), member);
}

/** The signed checkpoint of a log. @throws {SealroomError} as `readCheckpoint`; USAGE_OPTION if a log needs keys. */
export async function checkpointOf(environment: HomeEnvironment, choice: LogChoice): Promise<string> {
  return readCheckpoint(await openSource(environment, choice));
}

/** What is to be proven of a log. */
export type ProofRequest =
  { readonly kind: 'record'; readonly record: number } | { readonly kind: 'growth'; readonly from: number };

/**
 * The proof that a record is in a log, or that the log grew from an earlier size.
 *
 * @throws {SealroomError} as `proveRecord` and `proveGrowth`; USAGE_OPTION if a log needs keys.
 */
export async function proveFromLog(
  environment: HomeEnvironment,
  choice: LogChoice,
  wanted: ProofRequest,
): Promise<string> {
  const source = await openSource(environment, choice);
  switch (wanted.kind) {
    case 'record':
      return proveRecord(source, wanted.record);
    case 'growth':
      return proveGrowth(source, wanted.from);
  }
}
