import { open, readFile } from 'node:fs/promises';
import { basename, extname, join, dirname, resolve } from 'node:path';
import { SealroomError, systemReason } from '../src/errors/index.ts';
import type { OpenedPackage } from '../src/package/index.ts';
import { readTextFile } from '../src/files/index.ts';
import { STANDARD_STREAM } from '../src/tabular/index.ts';
import type { FipsArguments } from './options/fips-option.ts';
import type { CliIo } from './terminal.ts';

/** How every age file begins, packages among them. What opens them takes longer to load than a small table. */
const AGE_START = 'age-encryption.org/';

/** What a package is opened with. */
export interface PackageArguments extends FipsArguments {
  readonly input: string;
  readonly identity: string | undefined;
  readonly keys: string | undefined;
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
 * @throws {SealroomError} USAGE_OPTION if it is one and identity or keys are missing, or they are given for a table; what reading
 *   them and `openPackage` throw; IO_READ.
 */
export async function openPackageInput(
  io: CliIo,
  { input, identity, keys, fips }: PackageArguments,
): Promise<OpenedPackage | null> {
  const path = resolve(io.cwd, input);
  if (input === STANDARD_STREAM || !(await startOf(path)).startsWith(AGE_START)) {
    if (identity === undefined && keys === undefined) return null;
    throw new SealroomError(
      'USAGE_OPTION',
      '`--identity` and `--keys` expected with a result package, got another input',
    );
  }
  if (identity === undefined || keys === undefined) {
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
  if (fips) {
    throw new SealroomError('USAGE_OPTION', '`--fips` expected with a table, got a result package', {
      hint: 'packages are age files, whose cryptography no FIPS provider has',
    });
  }
  const { openPackage } = await import('../src/package/index.ts');
  const { parseIdentities } = await import('../src/age/index.ts');
  const { readSecretFile } = await import('../src/custody/index.ts');
  const { parseVerifiers } = await import('../src/tlog/index.ts');
  const [identityFile, keysFile] = [resolve(io.cwd, identity), resolve(io.cwd, keys)];
  const identities = await parseIdentities(await readSecretFile(identityFile, IDENTITY_HINT), { file: identityFile });
  const verifiers = parseVerifiers(await readTextFile(keysFile), { file: keysFile });
  try {
    return await openPackage(await readFile(path), identities, verifiers);
  } catch (error) {
    throw error instanceof SealroomError ? error.at({ file: path }) : error;
  }
}

/** The name of a package as if it were a table: `results/a.age` is `results/a.csv`. */
export function tableNameOf(input: string): string {
  return join(dirname(input), `${basename(input, extname(input))}.csv`);
}

/** What the room says of a package, for a person. */
export function printPackage({ statement, signedBy }: OpenedPackage): readonly string[] {
  const { rows, member, receivers, isCut, attempt, time, tables, obligations } = statement;
  return [
    `package of ${signedBy.join(', ')}: ${rows.toLocaleString('en')} rows${isCut ? ', the first of more' : ''}`,
    `asked by ${member} for ${receivers.join(', ')} at ${time}, attempt ${attempt}`,
    `made of ${tables.map(({ owner, table }) => `${owner}.${table}`).join(', ')}`,
    ...obligations.map(({ detail }) => `  ${detail}`),
  ];
}
