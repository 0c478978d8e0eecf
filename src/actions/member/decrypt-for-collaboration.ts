import { Readable } from 'node:stream';
import { parseCollaborationId } from '../../crypto/index.ts';
import type { HeldSecret } from '../../custody/load-secret.ts';
import { SealroomError } from '../../errors/index.ts';
import type { OpenedPackage } from '../../package/index.ts';
import type { DecryptSummary } from '../../protect/index.ts';
import { STANDARD_STREAM } from '../../tabular/index.ts';
import { type Collaboration, type CollaborationChoice, resolveCollaboration } from './collaboration.ts';
import type { MemberEnvironment } from './environment.ts';
import { findOrigin, loadSecret, recordInput } from './load-secret.ts';
import { openPackageInput, type PackageKeys } from './open-package.ts';
import { loadProtect, type TableTransfer } from './table-transfer.ts';

/** What {@link decryptForCollaboration} takes. */
export interface DecryptRequest {
  /** The protected table, or a result package of a room. */
  readonly table: TableTransfer;
  /** Where the table in a package goes. */
  readonly packageOutput: string;
  /** May be left out for a package, which names its collaboration. */
  readonly collaboration: CollaborationChoice;
  readonly packageKeys: PackageKeys;
  /** URI of the key that opens the envelope, before `SEALROOM_KEY` and the one that the envelope names. */
  readonly key?: string | undefined;
  readonly failOnFingerprintColumns: boolean;
}

/** What was decrypted. */
export interface DecryptedTable {
  readonly summary: DecryptSummary;
  /** Where it went. */
  readonly output: string;
  /** `null` for a table. */
  readonly package: OpenedPackage | null;
  /** Which secret opened it; `null` if that is not known. */
  readonly generation: number | null;
  /** Whether the home has no newer secret. */
  readonly isNewest: boolean;
}

/**
 * Decrypts a table of a collaboration, or a result package and the table in it. That the secret was used, and for which table, is
 * in the log before the output gets its name.
 *
 * @throws {SealroomError} USAGE_OPTION if a package is of another collaboration; as `openPackageInput`, `resolveCollaboration`,
 *   `loadSecret` and `decryptTable`. No output is left behind.
 */
export async function decryptForCollaboration(
  environment: MemberEnvironment,
  { table, packageOutput, collaboration: choice, packageKeys, key, failOnFingerprintColumns }: DecryptRequest,
): Promise<DecryptedTable> {
  const opened = await openPackageInput(environment, table.input, packageKeys);
  const collaboration = await collaborationOf(choice, opened);
  const { decryptTable } = await loadProtect();
  using held = await secretFor(environment, { table, collaboration, key }, opened);
  const transfer = opened === null ? table : { ...table, output: packageOutput, ...tableOf(opened) };
  const summary = await decryptTable({
    ...transfer,
    collaborationId: collaboration.id,
    secret: held?.secret ?? null,
    failOnFingerprintColumns,
    signal: environment.signal,
    beforeCommit: held === null ? undefined : recordInput(held),
  });
  const { generation = null, isNewest = true } = held ?? {};
  return { summary, output: transfer.output, package: opened, generation, isNewest };
}

function tableOf({ table, statement }: OpenedPackage): Pick<TableTransfer, 'input' | 'inputFormat' | 'stdin'> {
  return { input: STANDARD_STREAM, inputFormat: statement.result.format, stdin: Readable.from([table]) };
}

/** The collaboration: a package names it, and must not name another than was chosen. */
async function collaborationOf(
  choice: CollaborationChoice,
  opened: OpenedPackage | null,
): Promise<Pick<Collaboration, 'id' | 'manifest'>> {
  if (opened !== null && choice.id === undefined && choice.manifest === undefined) {
    return { id: parseCollaborationId(opened.statement.collaboration), manifest: null };
  }
  const collaboration = await resolveCollaboration(choice);
  if (opened === null || opened.statement.collaboration === collaboration.id) return collaboration;
  throw new SealroomError('USAGE_OPTION', 'expected the collaboration of the package, got another', {
    hint: 'leave `--id` and `--manifest` out: the package has it',
  });
}

/** The secret; `null` where a package says that nothing in it is sealed: then nobody needs to have it. */
async function secretFor(
  environment: MemberEnvironment,
  {
    table,
    collaboration,
    key,
  }: {
    readonly table: TableTransfer;
    readonly collaboration: Pick<Collaboration, 'id' | 'manifest'>;
    readonly key: string | undefined;
  },
  opened: OpenedPackage | null,
): Promise<HeldSecret | null> {
  const isSealed = opened?.statement.columns.some(({ protection }) => protection === 'sealed') ?? true;
  if (!isSealed) return null;
  const origin = opened === null ? await findOrigin(environment, table) : null;
  return loadSecret(environment, { collaboration, action: 'decrypt', key, origin });
}
