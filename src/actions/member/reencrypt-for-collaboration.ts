import { requireSameNormalisation } from '../../collab/light.ts';
import type { CollaborationId } from '../../crypto/index.ts';
import type { FileText } from '../../custody/index.ts';
import { SealroomError } from '../../errors/index.ts';
import type { EncryptSummary, ReencryptOptions } from '../../protect/index.ts';
import { parseTableSchema } from '../../schema/index.ts';
import { nameOf, type Provenance, type TransferResult } from '../../tabular/index.ts';
import {
  type Collaboration,
  type CollaborationChoice,
  resolveCollaboration,
  resolveSettings,
  type SettingsSource,
} from './collaboration.ts';
import type { MemberEnvironment } from './environment.ts';
import {
  askingOnce,
  findOrigin,
  loadSecret,
  provenanceOf,
  recordInput,
  recordOutput,
  type TableOrigin,
  unnamedOf,
  type UnnamedSecret,
} from './load-secret.ts';
import { sealedColumnsOf } from './sealed-columns.ts';
import {
  findSignature,
  originOfSignature,
  prepareSigning,
  requireSignedSecret,
  signingWith,
} from './table-signature.ts';
import { loadProtect, type TableTransfer } from './table-transfer.ts';

/** The options of {@link reencryptForCollaboration}. */
export interface ReencryptRequest {
  /** The protected table. */
  readonly table: TableTransfer;
  readonly collaboration: CollaborationChoice;
  /** URI of the key that opens the envelopes; default: `SEALROOM_KEY`, else the keys that they name. */
  readonly key?: string | undefined;
  /** Generation of the table, if neither its sidecar nor its metadata has it. */
  readonly from?: number | undefined;
  /** See `OpenCellOptions`. */
  readonly lenientCells?: boolean | undefined;
  /** The original; needed for a table with fingerprints. */
  readonly original?: OriginalTable | undefined;
  /** Who will read the new table; see `EncryptOptions`. */
  readonly target?: 'aws' | undefined;
  /** Signs the new table with the key of the home; with its name in the manifest, by default as it was signed before. */
  readonly sign?: { readonly table: string | undefined } | undefined;
}

/** The original of a protected table. */
export interface OriginalTable {
  /** Absolute path. */
  readonly file: string;
  readonly schema: FileText;
  /** The source of the settings if there is no manifest; `null` turns all of them off. */
  readonly settings: SettingsSource | null;
}

/** The result of {@link reencryptForCollaboration}. */
export interface ReencryptedTable {
  readonly summary: EncryptSummary & Pick<Provenance, 'generation' | 'secretId'>;
  /** The previous generation; `undefined` if it is not known. */
  readonly from: number | undefined;
  /** The newest secret, if no manifest names it. */
  readonly unnamedSecret: UnnamedSecret | null;
}

/**
 * Encrypts a protected table again with the newest secret of its collaboration. Before the output gets its name, the log of the home
 * records the use of both secrets and the tables.
 *
 * @throws {SealroomError} USAGE_OPTION if the secret is not in an envelope, or the table has the newest or an unknown
 *   generation; as `resolveCollaboration`, `requireSameNormalisation`, `findSignature`, `prepareSigning`, `loadSecret`, `reencryptTable` and `reencryptOriginal`. No output is left behind.
 */
export async function reencryptForCollaboration(
  given: MemberEnvironment,
  { table, collaboration: choice, key, from: said, original, sign, target, lenientCells }: ReencryptRequest,
): Promise<ReencryptedTable> {
  const collaboration = await resolveCollaboration(given, choice, { purpose: 'reencrypt' });
  const environment = askingOnce(given);
  const origin = await findOrigin(environment, table);
  const signature = await findSignature(environment, table, collaboration);
  const name = sign?.table ?? signature?.statement.table ?? undefined;
  const headers = signature?.statement.columns.map((column) => column.name) ?? null;
  const signing = await prepareSigning(environment, collaboration, sign && { name, headers });
  const wish = { collaboration, action: 'reencrypt', key } as const;
  const { reencryptTable } = await loadProtect();
  using to = await loadSecret(environment, { ...wish, origin: null });
  const provenance = provenanceOf(to);
  if (provenance === undefined) {
    throw new SealroomError(
      'USAGE_OPTION',
      '`reencrypt` needs a secret in an envelope, and the environment has one without',
      {
        hint: 'unset the variable; your home has the generations, and `sealroom key rotate` creates the next one',
      },
    );
  }
  const unnamedSecret = unnamedOf(collaboration, to);
  const from = signature?.statement.generation ?? origin?.generation ?? said;
  if (from === provenance.generation) throw isNewest(from, nameOf(table.input));
  const { signal } = environment;
  const sealedColumns = sealedColumnsOf(signature?.statement ?? origin, collaboration.manifest);
  const common = {
    ...table,
    target,
    sealedColumns,
    collaborationId: collaboration.id,
    signal,
    to: to.secret,
    provenance,
    origin,
    signature,
    sign: signing && signingWith(signing, to),
  };
  const recordNew = recordOutput(to);
  if (original !== undefined) {
    const summary = await encryptOriginal(collaboration, original, name, { ...common, beforeCommit: recordNew });
    return { summary: { ...summary, ...provenance }, from, unnamedSecret };
  }
  const signed = signature === undefined ? null : originOfSignature(signature);
  using old = await loadSecret(environment, { ...wish, origin: signed ?? originOf(origin, from, collaboration.id) });
  requireSignedSecret(old, signature);
  const recordOld = recordInput(old);
  const beforeCommit = async (facts: TransferResult): Promise<void> => {
    await recordOld?.(facts);
    await recordNew?.(facts);
  };
  const summary = await reencryptTable({ ...common, from: old.secret, beforeCommit, lenientCells });
  return { summary: { ...summary, ...provenance }, from, unnamedSecret };
}

function isNewest(generation: number, file: string): SealroomError {
  const message = `the table already has the newest generation, ${String(generation)}`;
  return new SealroomError('USAGE_OPTION', message, {
    where: { file },
    hint: '`sealroom key rotate` creates the next generation',
  });
}

/** The secret that opens the table; without a sidecar or metadata, the caller names its generation. */
function originOf(
  origin: Provenance | null,
  generation: number | undefined,
  collaborationId: CollaborationId,
): TableOrigin {
  if (origin !== null) return origin;
  if (generation !== undefined) return { collaborationId, generation };
  throw new SealroomError('USAGE_OPTION', 'the generation of the table is unknown: no sidecar or metadata has it', {
    hint: 'give it with `--from <generation>`',
  });
}

async function encryptOriginal(
  collaboration: Collaboration,
  { file, schema: text, settings }: OriginalTable,
  name: string | undefined,
  options: Omit<ReencryptOptions, 'from'>,
): Promise<EncryptSummary> {
  const { reencryptOriginal } = await loadProtect();
  const schema = parseTableSchema(text.text, text);
  if (collaboration.manifest !== null) requireSameNormalisation(schema, collaboration.manifest, name ?? null);
  return reencryptOriginal({
    ...options,
    original: file,
    settings: await resolveSettings(collaboration, settings),
    schema,
  });
}
