import { type Manifest, type ManifestTable, tableKeysOf } from '../../collab/index.ts';
import { quoteForMessage, SealroomError } from '../../errors/index.ts';
import { readTableSignature, type TableSignature } from '../../signed-tables/index.ts';
import { nameOf, type TableInput } from '../../tabular/index.ts';

/** The signature of a file that is to be loaded. */
export interface SourceSignature {
  /** `null` if the file has none, and needs none. */
  readonly signature: TableSignature | null;
  readonly warnings: readonly string[];
}

/**
 * Reads the signature beside a file, and checks that the owner of the table made it for this table. The rows are not read yet.
 *
 * @throws {SealroomError} RULE_SIGNATURE if it is of another table, or there is none and the manifest demands one; FORMAT_SIGNATURE,
 *   IO_READ as `readTableSignature`.
 */
export async function readSourceSignature(
  manifest: Manifest,
  table: ManifestTable,
  input: TableInput,
): Promise<SourceSignature> {
  const signature = await readTableSignature(input);
  const refuse = (problem: string): SealroomError =>
    new SealroomError('RULE_SIGNATURE', problem, {
      where: { file: signature?.file ?? nameOf(input) },
      hint: `nothing was loaded; ask ${table.owner} for the table and its signature: ${SIGNING}`,
    });
  const isRequired = manifest.signedTables === 'required';
  if (signature === null) {
    if (isRequired) throw refuse('the manifest requires signed tables, and there is no signature beside the file');
    return { signature, warnings: [] };
  }
  const { collaborationId, manifestSha256, table: name } = signature.statement;
  if (collaborationId !== manifest.id) throw refuse('the table was signed for another collaboration');
  if (name !== null && name !== table.name) {
    throw refuse(`the table must be ${quoteForMessage(table.name)}, and was signed as ${quoteForMessage(name)}`);
  }
  const owners = manifest.members.filter(({ id }) => id === table.owner);
  if (!owners.some((owner) => tableKeysOf(owner).includes(signature.key))) {
    throw refuse(`the table was signed with a key that is not that of ${table.owner}, who owns it`);
  }
  if (isRequired && name === null)
    throw refuse('the manifest requires signed tables, and this one was signed without its name');
  if (isRequired && manifestSha256 !== manifest.sha256) {
    throw refuse(
      'the manifest requires signed tables, and this one was signed under another manifest or version of it',
    );
  }
  if (!isNamed(manifest, signature))
    throw refuse('the table was encrypted with another secret than the manifest names');
  const isOfVersion = manifestSha256 === null || manifestSha256 === manifest.sha256;
  const warning = `${nameOf(input)} was signed under another version of the manifest`;
  return { signature, warnings: isOfVersion ? [] : [warning] };
}

/** Whether a table was encrypted with a secret that the manifest names, if it names any. */
function isNamed({ secretIds }: Manifest, { statement: { generation, secretId } }: TableSignature): boolean {
  if (secretIds === null) return true;
  return generation === null ? Object.values(secretIds).includes(secretId) : secretIds[String(generation)] === secretId;
}

const SIGNING = '`sealroom encrypt --sign --manifest` makes both';
