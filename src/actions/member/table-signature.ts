import { fullSecretIdOf, type HeldSecret } from '../../custody/load-secret.ts';
import { quoteForMessage, SealroomError } from '../../errors/index.ts';
import { readTableSignature, type TableSignature, type TableSigning } from '../../signed-tables/index.ts';
import type { Collaboration } from './collaboration.ts';
import type { TableOrigin } from './load-secret.ts';
import type { MemberEnvironment } from './environment.ts';
import type { HomeEnvironment, SigningWish, TableToSign } from './signing-keys.ts';
import type { TableTransfer } from './table-transfer.ts';

/**
 * Finds the signature beside a table, and checks whose key made it: of a table that the manifest has, its owner's; of another one, that of
 * the home, of a member whose card is pinned, or of a member in the manifest, with a warning if there is a manifest. The rows are checked as they are read.
 *
 * @returns `undefined` if it has none
 * @throws {SealroomError} USAGE_OPTION if the table was signed for another collaboration; FORMAT_SIGNATURE if the key is not known, or not the owner's;
 *   as `readTableSignature` and `listPinned`.
 */
export async function findSignature(
  environment: HomeEnvironment & Pick<MemberEnvironment, 'warn'>,
  { input }: Pick<TableTransfer, 'input'>,
  { id, manifest }: Pick<Collaboration, 'id' | 'manifest'>,
): Promise<TableSignature | undefined> {
  const signature = await readTableSignature(input);
  if (signature === null) return undefined;
  const { key, file, statement } = signature;
  if (statement.collaborationId !== id) {
    throw new SealroomError('USAGE_OPTION', 'the table belongs to another collaboration', {
      where: { file },
      hint: `it was signed for ${statement.collaborationId}`,
    });
  }
  // Most tables have none, and loading what reads cards takes longer than decrypting a small table.
  const { keysOfOwner, knownKeys } = await import('./signing-keys.ts');
  const owner = keysOfOwner(manifest, statement.table);
  if (owner !== null && !owner.keys.includes(key)) {
    throw new SealroomError(
      'FORMAT_SIGNATURE',
      `the table was signed with a key that is not that of ${owner.id}, who owns it`,
      {
        where: { file },
        hint: `get the table and its signature from ${owner.id}; whoever else has a known key can have changed it`,
      },
    );
  }
  if (owner !== null) return signature;
  if ((await knownKeys(environment, manifest)).includes(key)) {
    if (manifest !== null) environment.warn(describeNameless(signature));
    return signature;
  }
  throw new SealroomError('FORMAT_SIGNATURE', 'the table was signed with a key that is not known here', {
    where: { file },
    hint:
      "pin its owner's card with `sealroom member verify`, or name the manifest with `--manifest`; if neither has the key, the table " +
      `is not from a member: ${key}`,
  });
}

function describeNameless({ file, key, statement: { table } }: TableSignature): string {
  const named = table === null ? 'names no table' : `names ${quoteForMessage(table)}, which the manifest does not have`;
  return `${file} ${named}, so that nothing says whose table it is; it was signed with ${key}`;
}

/** The secret of a signed table; `null` if its signature names no generation. */
export function originOfSignature({ statement }: TableSignature): Required<TableOrigin> | null {
  const { collaborationId, generation, secretId } = statement;
  return generation === null ? null : { collaborationId, generation, secretId: secretId.slice(0, SHORT_ID_DIGITS) };
}

const SHORT_ID_DIGITS = 32;

/**
 * Refuses a secret that is not the one in the signature of a table.
 *
 * @param held `null` if none is needed
 * @throws {SealroomError} CUSTODY_KEY if it is another.
 */
export function requireSignedSecret(held: HeldSecret | null, signature: TableSignature | undefined): void {
  const expected = signature?.statement.secretId;
  if (held === null || expected === undefined) return;
  const got = fullSecretIdOf(held.secret, held.collaborationId);
  if (got === expected) return;
  throw new SealroomError('CUSTODY_KEY', `the table was signed for secret ${expected}, got ${got}`, {
    where: { file: signature?.file },
    hint: '`sealroom key show` lists the secrets in your home',
  });
}

/** Adds the secret with which the table is encrypted. */
export function signingWith(wish: SigningWish, { secret, collaborationId, generation }: HeldSecret): TableSigning {
  return { ...wish, generation, secretId: fullSecretIdOf(secret, collaborationId) };
}

/**
 * Prepares to sign a table with the key of the home, as `chooseSigning` does; `undefined` if none is to be signed. It is a separate
 * function for the reason that `loadProtect` is one.
 *
 * @throws {SealroomError} as `chooseSigning`
 */
export async function prepareSigning(
  environment: HomeEnvironment,
  collaboration: Pick<Collaboration, 'manifest'>,
  table: TableToSign | undefined,
): Promise<SigningWish | undefined> {
  if (table === undefined) return undefined;
  const { chooseSigning } = await import('./signing-keys.ts');
  return chooseSigning(environment, collaboration, table);
}
