import type { FileText } from '../../custody/index.ts';
import type { HeldSecret } from '../../custody/load-secret.ts';
import type { EncryptSummary, ReportScope } from '../../protect/index.ts';
import { requireSameNormalisation } from '../../collab/light.ts';
import type { Provenance } from '../../tabular/index.ts';
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
  /** Signs the table with the key of the home, into a file beside the output; with its name in the manifest. */
  readonly sign?: { readonly table: string | undefined } | undefined;
  /** The rows that the match-key report looks at. Default: no report. */
  readonly report?: ReportScope | undefined;
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
    sign,
    report,
  }: EncryptRequest,
): Promise<EncryptionOutcome> {
  const schema = parseTableSchema(text.text, text);
  const collaboration = await resolveCollaboration(environment, choice, { purpose: 'encrypt' });
  if (collaboration.manifest !== null) {
    requireSameNormalisation(schema, collaboration.manifest, sign?.table ?? null);
  }
  const settings = await resolveSettings(collaboration, source);
  const headers = schema.columns.map(({ targetHeader }) => targetHeader);
  const toSign = sign && { name: sign.table, headers };
  const wish = await prepareSigning(environment, collaboration, toSign);
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
    provenance,
    report,
    sign: wish && signingWith(wish, held),
    signal: environment.signal,
    beforeCommit: recordOutput(held),
  });
  return { summary: { ...summary, ...provenance }, unnamedSecret: unnamedOf(collaboration, held) };
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
