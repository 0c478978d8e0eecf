import type { FileText } from '../../custody/index.ts';
import type { EncryptSummary } from '../../protect/index.ts';
import type { Provenance } from '../../tabular/index.ts';
import { parseTableSchema } from '../../schema/index.ts';
import {
  type CollaborationChoice,
  resolveCollaboration,
  resolveSettings,
  type SettingsSource,
} from './collaboration.ts';
import type { MemberEnvironment } from './environment.ts';
import { loadSecret, provenanceOf, recordOutput } from './load-secret.ts';
import { loadProtect, type TableTransfer } from './table-transfer.ts';

/** What {@link encryptForCollaboration} takes. */
export interface EncryptRequest {
  readonly table: TableTransfer;
  readonly schema: FileText;
  readonly collaboration: CollaborationChoice;
  /** Where the settings come from if there is no manifest; all are off without it. */
  readonly settings: SettingsSource | null;
  /** URI of the key that opens the envelope, before `SEALROOM_KEY` and the one that the envelope names. */
  readonly key?: string | undefined;
  readonly parquetBinaryAsString?: boolean | undefined;
}

/** What was encrypted, and with which secret if it is from an envelope. */
export type EncryptedTable = EncryptSummary & Partial<Pick<Provenance, 'generation' | 'secretId'>>;

/**
 * Encrypts a table for a collaboration, with its newest secret and under its settings. That the secret was used, and for which
 * table, is in the log before the table gets its name.
 *
 * @throws {SealroomError} as `parseTableSchema`, `resolveCollaboration`, `resolveSettings`, `loadSecret` and `encryptTable`. No
 *   output is left behind.
 */
export async function encryptForCollaboration(
  environment: MemberEnvironment,
  { table, schema: text, collaboration: choice, settings: source, key, parquetBinaryAsString }: EncryptRequest,
): Promise<EncryptedTable> {
  const schema = parseTableSchema(text.text, text);
  const collaboration = await resolveCollaboration(choice);
  const settings = await resolveSettings(collaboration, source);
  const { encryptTable } = await loadProtect();
  using held = await loadSecret(environment, { collaboration, action: 'encrypt', key, origin: null });
  const provenance = provenanceOf(held);
  const summary = await encryptTable({
    ...table,
    schema,
    secret: held.secret,
    collaborationId: collaboration.id,
    settings,
    parquetBinaryAsString,
    provenance,
    signal: environment.signal,
    beforeCommit: recordOutput(held),
  });
  return { ...summary, ...provenance };
}
