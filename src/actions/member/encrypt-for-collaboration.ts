import type { FileText } from '../../custody/index.ts';
import type { HeldSecret } from '../../custody/load-secret.ts';
import type { EncryptSummary, ReportScope } from '../../protect/index.ts';
import { requireSameNormalisation } from '../../collab/light.ts';
import type { Provenance } from '../../tabular/index.ts';
import { SealroomError } from '../../errors/index.ts';
import { parseTableSchema } from '../../schema/index.ts';
import {
  type Collaboration,
  type CollaborationChoice,
  resolveCollaboration,
  resolveSettings,
  type SettingsSource,
} from './collaboration.ts';
import type { MemberEnvironment } from './environment.ts';
import { loadSecret, provenanceOf, recordOutput, unnamedOf, type UnnamedSecret } from './load-secret.ts';
import { prepareSigning, signingWith } from './table-signature.ts';
import type { TableToFit } from './table-fit.ts';
import { loadProtect, type TableTransfer } from './table-transfer.ts';

/** The options of {@link encryptForCollaboration}. */
export interface EncryptRequest {
  readonly table: TableTransfer;
  readonly schema: FileText;
  readonly collaboration: CollaborationChoice;
  /** The source of the settings if there is no manifest; `null` turns all of them off. */
  readonly settings: SettingsSource | null;
  /** URI of the key that opens the envelope; default: `SEALROOM_KEY`, else the key that the envelope names. */
  readonly key?: string | undefined;
  readonly parquetBinaryAsString?: boolean | undefined;
  /** Name of the table in the manifest: what the room would refuse of it is refused here. A Parquet file then carries the manifest. */
  readonly name?: string | undefined;
  /** Whether the table is signed with the key of the home, into a file beside the output. */
  readonly isSigned?: boolean | undefined;
  /** The rows that the match-key report looks at. Default: no report. */
  readonly report?: ReportScope | undefined;
  /** Who will read the table; see `EncryptOptions`. */
  readonly target?: 'aws' | undefined;
}

/** A summary of the encryption, with the generation and id of a secret from an envelope. */
export type EncryptedTable = EncryptSummary & Partial<Pick<Provenance, 'generation' | 'secretId'>>;

/** The result of {@link encryptForCollaboration}. */
export interface EncryptionOutcome {
  readonly summary: EncryptedTable;
  /** The secret from an envelope, if no manifest names it: nobody but the envelope's maker has said that it is the right one. */
  readonly unnamedSecret: UnnamedSecret | null;
}

/**
 * Encrypts a table for a collaboration, with its newest secret and its settings. Before the output gets its name, the log of the
 * home records the use of the secret and the table.
 *
 * @throws {SealroomError} as `parseTableSchema`, `resolveCollaboration`, `requireSameNormalisation`, `resolveSettings`, `prepareSigning`, `loadSecret` and
 *   `encryptTable`. No output is left behind.
 */
export async function encryptForCollaboration(
  environment: MemberEnvironment,
  {
    table,
    schema: text,
    collaboration: choice,
    settings: source,
    key,
    parquetBinaryAsString,
    name,
    isSigned = false,
    report,
    target,
  }: EncryptRequest,
): Promise<EncryptionOutcome> {
  const schema = parseTableSchema(text.text, text);
  const collaboration = await resolveCollaboration(environment, choice, { purpose: 'encrypt' });
  if (collaboration.manifest !== null) {
    requireSameNormalisation(schema, collaboration.manifest, name ?? null);
  }
  const settings = await resolveSettings(collaboration, source);
  const headers = schema.columns.map(({ targetHeader }) => targetHeader);
  const toSign = isSigned ? { name, headers } : undefined;
  const wish = await prepareSigning(environment, collaboration, toSign);
  const metadata = await checkFit(environment, collaboration, choice, {
    name,
    isSigned,
    schema,
    schemaFile: text.file,
    transfer: table,
    binaryAsString: parquetBinaryAsString,
  });
  const { encryptTable } = await loadProtect();
  using held = await loadSecret(environment, { collaboration, action: 'encrypt', key, origin: null });
  warnOfNewer(environment, collaboration, held);
  const provenance = provenanceOf(held);
  const summary = await encryptTable({
    ...table,
    schema,
    secret: held.secret,
    collaborationId: collaboration.id,
    settings,
    parquetBinaryAsString,
    target,
    provenance,
    metadata,
    report,
    sign: wish && signingWith(wish, held),
    signal: environment.signal,
    beforeCommit: recordOutput(held),
  });
  return { summary: { ...summary, ...provenance }, unnamedSecret: unnamedOf(collaboration, held) };
}

/**
 * Checks that the room will take the table.
 *
 * @returns what its file says of the table in the manifest
 * @throws {SealroomError} USAGE_OPTION for a name without a manifest; as `requireTableFit`
 */
async function checkFit(
  environment: MemberEnvironment,
  { manifest }: Collaboration,
  { manifest: file }: CollaborationChoice,
  { name, isSigned, ...table }: TableToFit & { readonly name: string | undefined; readonly isSigned: boolean },
): Promise<ReadonlyMap<string, string> | undefined> {
  if (manifest === null || file === undefined) {
    // A signature can name a table without a manifest.
    if (name === undefined || isSigned) return undefined;
    throw new SealroomError('USAGE_OPTION', '`--table` needs `--manifest`', { hint: 'the manifest has the tables' });
  }
  const { requireTableFit, warnOfMisfit } = await import('./table-fit.ts');
  if (name === undefined) {
    await warnOfMisfit(environment, manifest, table.schema);
    return undefined;
  }
  await requireTableFit(environment, manifest, name, table);
  const { withoutMessages } = await import('../../collab/index.ts');
  const { metadataOfTable } = await import('../../tabular/index.ts');
  // A room takes no manifest that lacks a signature.
  return file.isUnsigned === true ? undefined : metadataOfTable({ table: name, manifest: withoutMessages(file.text) });
}

/** Warns if the members have named a newer secret than the home has: tables of the two do not join. */
function warnOfNewer(
  { warn }: Pick<MemberEnvironment, 'warn'>,
  { manifest }: Pick<Collaboration, 'manifest'>,
  { generation }: HeldSecret,
): void {
  if (generation === null) return;
  const newest = Math.max(generation, ...Object.keys(manifest?.secretIds ?? {}).map(Number));
  if (newest === generation) return;
  warn(
    `the manifest names generation ${String(newest)} of the secret, and your home has no newer one than ${String(generation)}: ` +
      'ask for it with `sealroom key request`',
  );
}
