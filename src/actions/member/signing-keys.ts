import type { Manifest, ManifestTable } from '../../collab/index.ts';
import { requireTable, tableKeysOf } from '../../collab/light.ts';
import { listPinned, readPublicKeyOf, readSigningKey } from '../../custody/index.ts';
import { SealroomError } from '../../errors/index.ts';
import { printPublicKey } from '../../signing/index.ts';
import type { TableSigning } from '../../signed-tables/index.ts';
import type { Collaboration } from './collaboration.ts';
import { homeOf, type MemberEnvironment } from './environment.ts';

/** The home, and the time. */
export type HomeEnvironment = Pick<MemberEnvironment, 'env' | 'cwd' | 'home' | 'now'>;

/**
 * The keys whose signatures of tables count: that of the home, of the members whose cards are pinned, and of those in the manifest.
 *
 * @throws {SealroomError} as `readPublicKeyOf` and `listPinned`
 */
export async function knownKeys(environment: HomeEnvironment, manifest: Manifest | null): Promise<readonly string[]> {
  const home = homeOf(environment);
  const own = await readPublicKeyOf(home.signingKey);
  const pinned = (await listPinned(home)).map(({ body }) => body.sign);
  const ofMembers = (manifest?.members ?? []).flatMap(tableKeysOf);
  return [...(own === null ? [] : [own]), ...pinned, ...ofMembers];
}

/** The owner of a table, and the keys with which it signs tables; `null` if there is no manifest, or it does not have the table. */
export function keysOfOwner(
  manifest: Manifest | null,
  table: string | null,
): { readonly id: string; readonly keys: readonly string[] } | null {
  const owner = manifest?.tables.find(({ name }) => name === table)?.owner;
  const found = manifest?.members.find(({ id }) => id === owner);
  return found === undefined ? null : { id: found.id, keys: tableKeysOf(found) };
}

/** What is to be signed about a table, and with which key; the secret is not loaded yet. */
export type SigningWish = Omit<TableSigning, 'secretId' | 'generation'>;

/** A table to sign: its name in the manifest, if it was given, and its headers. */
export interface TableToSign {
  readonly name: string | undefined;
  /** `null` if they are not known. */
  readonly headers: readonly string[] | null;
}

/**
 * Prepares to sign a table with the key of the home.
 *
 * @throws {SealroomError} USAGE_OPTION if the manifest does not have the table, or has another key for its owner; SECRET_INVALID as
 *   `readSigningKey`.
 */
export async function chooseSigning(
  environment: HomeEnvironment,
  { manifest }: Pick<Collaboration, 'manifest'>,
  table: TableToSign,
): Promise<SigningWish> {
  const key = await readSigningKey(homeOf(environment).signingKey);
  const name = manifest === null ? (table.name ?? null) : tableOf(manifest, printPublicKey(key), table).name;
  return { key, manifestSha256: manifest?.sha256 ?? null, table: name, created: environment.now().toISOString() };
}

/** The table of the manifest that is signed: the named one, or the only one of the key's owner whose columns are all there. */
function tableOf({ tables, members }: Manifest, key: string, { name, headers }: TableToSign): ManifestTable {
  const own = members.filter((member) => tableKeysOf(member).includes(key)).map(({ id }) => id);
  if (name === undefined) {
    const fitting = tables.filter(
      ({ owner, columns }) => own.includes(owner) && columns.every((column) => headers?.includes(column.name) ?? true),
    );
    const [only] = fitting;
    if (only !== undefined && fitting.length === 1) return only;
    throw new SealroomError('USAGE_OPTION', 'it is not clear which table of the manifest this is', {
      hint: 'name it with `--table`; it belongs to the member whose key is in your home, and its columns are in the schema',
    });
  }
  const found = requireTable({ tables }, name);
  if (own.includes(found.owner)) return found;
  throw new SealroomError('USAGE_OPTION', `the key in your home is not one with which ${found.owner} signs tables`, {
    hint: `the manifest has the keys of ${found.owner}, who owns the table; the public half of yours is ${key}`,
  });
}
