import { open, readFile } from 'node:fs/promises';
import { SealroomError, systemReason } from '../../errors/index.ts';
import { readTextFile } from '../../files/index.ts';
import type { OpenedPackage } from '../../package/index.ts';
import { STANDARD_STREAM } from '../../tabular/index.ts';
import type { MemberEnvironment } from './environment.ts';

/** How every age file begins, packages among them. What opens them takes longer to load than a small table. */
const AGE_START = 'age-encryption.org/';

/** What a result package is opened with. */
export interface PackageKeys {
  /** Absolute path of an age identity file. */
  readonly identityFile: string | undefined;
  /** Absolute path of a file with the verifier keys of the rooms that are trusted, one a line. */
  readonly keysFile: string | undefined;
}

const IDENTITY_HINT = 'an identity file is made with `age-keygen -o <file>`, or `age-keygen -pq -o <file>`';

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
 * The package that an input is; `null` if it is a table.
 *
 * @param input absolute path, or `-` for standard input, which is a table
 * @throws {SealroomError} USAGE_OPTION if it is one and identity or keys are missing, or they are given for a table; what reading
 *   them and `openPackage` throw; IO_READ.
 */
export async function openPackageInput(
  { isFips = false }: Pick<MemberEnvironment, 'isFips'>,
  input: string,
  { identityFile, keysFile }: PackageKeys,
): Promise<OpenedPackage | null> {
  if (input === STANDARD_STREAM || !(await startOf(input)).startsWith(AGE_START)) {
    if (identityFile === undefined && keysFile === undefined) return null;
    throw new SealroomError(
      'USAGE_OPTION',
      '`--identity` and `--keys` expected with a result package, got another input',
    );
  }
  if (identityFile === undefined || keysFile === undefined) {
    throw new SealroomError(
      'USAGE_OPTION',
      'expected `--identity` and `--keys` with a result package, got it without',
      {
        hint:
          '`--identity` names your age identity file, such as `receive.key` in your home; `--keys` a file with the verifier ' +
          'key of the room',
      },
    );
  }
  if (isFips) {
    throw new SealroomError('USAGE_OPTION', '`--fips` expected with a table, got a result package', {
      hint: 'packages are age files, whose cryptography no FIPS provider has',
    });
  }
  const { openPackage } = await import('../../package/index.ts');
  const { parseIdentities } = await import('../../age/index.ts');
  const { readSecretFile } = await import('../../custody/index.ts');
  const { parseVerifiers } = await import('../../tlog/index.ts');
  const identities = await parseIdentities(await readSecretFile(identityFile, IDENTITY_HINT), { file: identityFile });
  const verifiers = parseVerifiers(await readTextFile(keysFile), { file: keysFile });
  try {
    return await openPackage(await readFile(input), identities, verifiers);
  } catch (error) {
    throw error instanceof SealroomError ? error.at({ file: input }) : error;
  }
}
