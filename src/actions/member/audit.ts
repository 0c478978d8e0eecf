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
import { homeOf, type MemberEnvironment } from './environment.ts';
import { type ManifestFile, readTrustedManifest } from './trusted-manifest.ts';

type HomeEnvironment = Pick<MemberEnvironment, 'env' | 'cwd' | 'home' | 'warn'>;

/** A log, and the trusted verifier keys. */
export interface LogChoice {
  /** Absolute path of the log's directory; the key log of the home if left out. */
  readonly log?: string | undefined;
  /** Trusted verifier keys, one per line; for the home's own log, its key if left out. */
  readonly keys?: FileText | undefined;
}

/** The directory of a log, and the trusted verifiers. */
interface LogSource {
  readonly directory: string;
  readonly verifiers: readonly Verifier[];
}

/** Who may see what others did. */
export interface AuditorCheck {
  /** A signed manifest: only its auditors may. Without it, everybody may. */
  readonly manifest?: ManifestFile | undefined;
}

async function requireAuditor(environment: HomeEnvironment, { manifest: text }: AuditorCheck): Promise<void> {
  const manifest = text === undefined ? null : await readTrustedManifest(environment, text, 'audit');
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
    throw new SealroomError('USAGE_OPTION', '`--trust` is missing', {
      hint: 'name a file with the verifier keys that you trust, one per line',
    });
  }
  return { directory, verifiers: [(await readSignerFile(homeOf(environment).logKey)).verifier] };
}

/** The result of verifying a log, an export of one, or a proof. */
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
 * Verifies a log, an export, or a proof that a log grew, against trusted keys and checkpoints that were saved before.
 *
 * @param choice its `log` may also name a file
 * @param seen checkpoints, one after another
 * @throws {SealroomError} USAGE_OPTION if keys are missing, or `seen` does not fit; errors of the verification; IO_READ.
 */
export async function verifyAudit(
  environment: HomeEnvironment,
  choice: LogChoice,
  seen: FileText | undefined,
): Promise<AuditFinding> {
  const { directory: path, verifiers } = await openSource(environment, choice);
  const checkpoints = seen === undefined ? [] : splitNotes(seen.text);
  if (seen !== undefined && checkpoints.length === 0) {
    throw new SealroomError('USAGE_OPTION', 'the file of `--seen` has no checkpoints');
  }
  // If the path does not exist, the reader says so.
  const isLog = (await stat(path).catch(() => null))?.isDirectory() === true;
  if (isLog) return { kind: 'log', report: await verifyLog({ directory: path, verifiers, seen: checkpoints }) };
  const text = await readTextFile(path);
  if (text.startsWith('old ')) {
    const [earlier, ...others] = checkpoints;
    if (earlier === undefined || others.length > 0) {
      const got = String(checkpoints.length);
      throw new SealroomError('USAGE_OPTION', `a proof needs \`--seen\` with one checkpoint, got ${got}`);
    }
    const { origin, size } = checkConsistencyProof(text, earlier, verifiers);
    return { kind: 'growth', report: { origin, size, problems: [] } };
  }
  return { kind: 'export', report: verifyExport(text, verifiers, checkpoints) };
}

/** A secret, or the key that wraps it. */
export type KeyChoice =
  { readonly kind: 'secret'; readonly id: string } | { readonly kind: 'wrapping-key'; readonly uri: string };

/** Whether a record is about a key. */
function isAbout(choice: KeyChoice, { event }: AuditRecord): boolean {
  //= audit A-63
  return event.kind === 'key' && (choice.kind === 'secret' ? event.secretId === choice.id : event.key === choice.uri);
}

/**
 * Reads the records of a log, or those about one key, without verifying them. Roles are checked before the first one.
 *
 * @throws {SealroomError} as `authorise` and `readRecords`
 */
export async function* showRecords(
  environment: HomeEnvironment,
  choice: Pick<LogChoice, 'log'>,
  { about, ...auditor }: AuditorCheck & { readonly about?: KeyChoice | undefined },
): AsyncGenerator<{ readonly record: AuditRecord; readonly line: string }> {
  await requireAuditor(environment, auditor);
  for await (const each of readRecords(logDirectory(environment, choice))) {
    if (about === undefined || isAbout(about, each.record)) yield each;
  }
}

/**
 * Makes the lines of an export: the records that a member may see, each with its proof. Roles are checked before the first one.
 *
 * @throws {SealroomError} as `authorise` and `exportRecords`; USAGE_OPTION if keys are missing.
 */
export async function* exportForMember(
  environment: HomeEnvironment,
  choice: LogChoice,
  { member, ...auditor }: AuditorCheck & { readonly member: string },
): AsyncGenerator<string> {
  await requireAuditor(environment, auditor);
  yield* exportRecords(await openSource(environment, choice), member);
}

/** The signed checkpoint of a log. @throws {SealroomError} as `readCheckpoint`; USAGE_OPTION if keys are missing. */
export async function checkpointOf(environment: HomeEnvironment, choice: LogChoice): Promise<string> {
  return readCheckpoint(await openSource(environment, choice));
}

/** The statement to prove about a log. */
export type ProofRequest =
  { readonly kind: 'record'; readonly record: number } | { readonly kind: 'growth'; readonly from: number };

/**
 * The proof that a record is in a log, or that the log grew from an earlier size.
 *
 * @throws {SealroomError} as `proveRecord` and `proveGrowth`; USAGE_OPTION if keys are missing.
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
