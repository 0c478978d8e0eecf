import type { CollaborationId } from '../../crypto/index.ts';
import type { FileText } from '../../custody/index.ts';
import { SealroomError } from '../../errors/index.ts';
import type { EncryptSummary, ReencryptOptions } from '../../protect/index.ts';
import { parseTableSchema } from '../../schema/index.ts';
import type { Provenance, TransferResult } from '../../tabular/index.ts';
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
} from './load-secret.ts';
import { loadProtect, type TableTransfer } from './table-transfer.ts';

/** What {@link reencryptForCollaboration} takes. */
export interface ReencryptRequest {
  /** The protected table. */
  readonly table: TableTransfer;
  readonly collaboration: CollaborationChoice;
  /** URI of the key that opens the envelopes, before `SEALROOM_KEY` and the ones that they name. */
  readonly key?: string | undefined;
  /** Generation of the table, where neither a sidecar nor metadata say it. */
  readonly from?: number | undefined;
  /** The table that was encrypted, for one with fingerprints. */
  readonly original?: OriginalTable | undefined;
}

/** What a protected table was made of. */
export interface OriginalTable {
  /** Absolute path. */
  readonly file: string;
  readonly schema: FileText;
  /** Where the settings come from if there is no manifest; all are off without it. */
  readonly settings: SettingsSource | null;
}

/** What was encrypted again. */
export interface ReencryptedTable {
  readonly summary: EncryptSummary & Pick<Provenance, 'generation' | 'secretId'>;
  /** The generation that it had; `undefined` if that is not known. */
  readonly from: number | undefined;
}

/**
 * Encrypts a protected table again with the newest secret of its collaboration. That both secrets were used, and for which tables,
 * is in the log before the output gets its name.
 *
 * @throws {SealroomError} USAGE_OPTION if the secret is not in an envelope, or the table is of the newest generation, or of an
 *   unknown one; as `resolveCollaboration`, `loadSecret`, `reencryptTable` and `reencryptOriginal`. No output is left behind.
 */
export async function reencryptForCollaboration(
  given: MemberEnvironment,
  { table, collaboration: choice, key, from: said, original }: ReencryptRequest,
): Promise<ReencryptedTable> {
  const collaboration = await resolveCollaboration(choice);
  const environment = askingOnce(given);
  const origin = await findOrigin(environment, table);
  const wish = { collaboration, action: 'reencrypt', key } as const;
  const { reencryptTable } = await loadProtect();
  using to = await loadSecret(environment, { ...wish, origin: null });
  const provenance = provenanceOf(to);
  if (provenance === undefined) {
    throw new SealroomError('USAGE_OPTION', 'expected the secret in an envelope, got one from the environment', {
      hint: 'unset it; generations are in your home, where `sealroom key rotate` makes the next one',
    });
  }
  const from = origin?.generation ?? said;
  if (from === provenance.generation) throw isNewest(from, table.input);
  const { signal } = environment;
  const common = { ...table, collaborationId: collaboration.id, signal, to: to.secret, provenance, origin };
  const recordNew = recordOutput(to);
  if (original !== undefined) {
    const summary = await encryptOriginal(collaboration, original, { ...common, beforeCommit: recordNew });
    return { summary: { ...summary, ...provenance }, from };
  }
  using old = await loadSecret(environment, { ...wish, origin: originOf(origin, from, collaboration.id) });
  const recordOld = recordInput(old);
  const beforeCommit = async (facts: TransferResult): Promise<void> => {
    await recordOld?.(facts);
    await recordNew?.(facts);
  };
  const summary = await reencryptTable({ ...common, from: old.secret, beforeCommit });
  return { summary: { ...summary, ...provenance }, from };
}

function isNewest(generation: number, file: string): SealroomError {
  const message = `expected a table of an older generation than ${String(generation)}, got one of it`;
  return new SealroomError('USAGE_OPTION', message, {
    where: { file },
    hint: '`sealroom key rotate` makes the next generation',
  });
}

/** Which secret opens the table; without a sidecar, the caller says it. */
function originOf(origin: Provenance | null, generation: number | undefined, collaborationId: CollaborationId): TableOrigin {
  if (origin !== null) return origin;
  if (generation !== undefined) return { collaborationId, generation };
  throw new SealroomError(
    'USAGE_OPTION',
    'expected to be told the generation of the table, found neither sidecar nor metadata',
    {
      hint: 'say it with `--from <generation>`',
    },
  );
}

async function encryptOriginal(
  collaboration: Collaboration,
  { file, schema, settings }: OriginalTable,
  options: Omit<ReencryptOptions, 'from'>,
): Promise<EncryptSummary> {
  const { reencryptOriginal } = await loadProtect();
  return reencryptOriginal({
    ...options,
    original: file,
    settings: await resolveSettings(collaboration, settings),
    schema: parseTableSchema(schema.text, schema),
  });
}
