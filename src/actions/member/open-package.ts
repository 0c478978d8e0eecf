import { open, readFile } from 'node:fs/promises';
import { SealroomError, systemReason } from '../../errors/index.ts';
import { fileExists, findParts, readTextFile } from '../../files/index.ts';
import type { FileText, MemberHome } from '../../custody/index.ts';
import type { OpenedPackage, ResultStatement } from '../../package/index.ts';
import type { TableInput } from '../../tabular/index.ts';
import { homeOf, type MemberEnvironment } from './environment.ts';

/** The start of every age file, packages included. Checked here, because loading the age reader takes long. */
const AGE_START = 'age-encryption.org/';

/** The files that open a result package. */
export interface PackageKeys {
  /** Absolute path of an age identity file; default: `receive.key` of the home. */
  readonly identityFile: string | undefined;
  /** The verifier keys of trusted rooms, one per line. */
  readonly trust: FileText | undefined;
  /** Absolute path of the file with these keys that is used where none are given. */
  readonly defaultTrustFile?: string | undefined;
  /** Id of the member that receives the package; default: the one on the card of the home. */
  readonly member?: string | undefined;
  /** Whether the package may have been opened before; default: no. */
  readonly isAgain?: boolean | undefined;
  /** Whether a result is the one that is expected; default: any is. */
  readonly isExpected?: ((statement: ResultStatement) => boolean) | undefined;
}

/** A package that was opened, and how to record that. */
export interface PackageInput {
  readonly opened: OpenedPackage;
  /** Records in the home that the package was opened. Called before its table gets its name. */
  readonly recordTaken: () => Promise<void>;
}

const IDENTITY_HINT =
  '`sealroom member init` makes the home and its `receive.key`; `--identity` names another file, such as one of `age-keygen`';

/** Whether a file is a package; a folder or a pattern is none. */
async function isPackage(path: string): Promise<boolean> {
  return (await findParts(path)) === null && (await startOf(path)).startsWith(AGE_START);
}

async function startOf(path: string): Promise<string> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw new SealroomError('IO_READ', `cannot read: ${systemReason(cause)}`, { where: { file: path }, cause });
  });
  try {
    const isFile = (await file.stat()).isFile();
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(isFile ? 64 : 0), position: 0 });
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await file.close();
  }
}

/**
 * Opens an input that is a package; returns `null` for a table.
 *
 * @param input anything that is not a file is a table
 * @throws {SealroomError} USAGE_OPTION if trusted keys or the member are missing for a package, or given for a table; FORMAT_PACKAGE if
 *   it is not the expected one; as the readers of the keys, `openPackage` and `requireNewPackage`; IO_READ.
 */
export async function openPackageInput(
  environment: MemberEnvironment,
  input: TableInput,
  { identityFile, trust, defaultTrustFile, member, isAgain = false, isExpected }: PackageKeys,
): Promise<PackageInput | null> {
  if (input.kind !== 'file' || !(await isPackage(input.path))) {
    if (identityFile === undefined && trust === undefined && member === undefined && !isAgain) return null;
    throw new SealroomError(
      'USAGE_OPTION',
      '`--identity`, `--trust`, `--as` and `--again` need a result package as input',
    );
  }
  const trusted = trust ?? (await readDefault(defaultTrustFile));
  if (trusted === undefined) {
    throw new SealroomError('USAGE_OPTION', 'a result package needs `--trust`', {
      hint: '`--trust` is the verifier key of the room, which `sealroom room init` printed, or a file with it: its operator has it in `runner.pub`',
    });
  }
  if (environment.isFips === true) {
    throw new SealroomError('USAGE_OPTION', '`--fips` cannot be used with a result package', {
      hint: 'packages are age files, whose cryptography no FIPS provider has',
    });
  }
  const { openPackage } = await import('../../package/index.ts');
  const { parseIdentities } = await import('../../age/index.ts');
  const { readSecretFile, recordTakenPackage, requireNewPackage } = await import('../../custody/index.ts');
  const { parseVerifiers } = await import('../../tlog/index.ts');
  const home = homeOf(environment);
  const identity = identityFile ?? home.receivingKey;
  const identities = await parseIdentities(await readSecretFile(identity, IDENTITY_HINT), { file: identity });
  const verifiers = parseVerifiers(trusted.text, { file: trusted.file });
  const receiver = member ?? (await ownMember(home));
  try {
    const opened = await openPackage(await readFile(input.path), { member: receiver, identities, verifiers });
    if (isExpected?.(opened.statement) === false) {
      throw new SealroomError('FORMAT_PACKAGE', 'the package has the result of another query');
    }
    const taken = { attempt: opened.statement.attempt, checkpoint: opened.checkpoint };
    await requireNewPackage(home, taken, verifiers, isAgain);
    return { opened, recordTaken: () => recordTakenPackage(home, taken, isAgain) };
  } catch (error) {
    throw error instanceof SealroomError ? error.at({ file: input.path }) : error;
  }
}

async function readDefault(file: string | undefined): Promise<FileText | undefined> {
  return file === undefined ? undefined : { text: await readTextFile(file), file };
}

/** The id on the card of the home. */
async function ownMember(home: MemberHome): Promise<string> {
  const { readOwnCard } = await import('../../custody/index.ts');
  if (await fileExists(home.card)) return (await readOwnCard(home)).body.id;
  throw new SealroomError('USAGE_OPTION', 'a result package needs `--as`, because the home has no card', {
    hint: '`--as` is the id of the member that receives the package, as in the manifest',
  });
}
