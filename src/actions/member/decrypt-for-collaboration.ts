import { parseCollaborationId } from '../../crypto/index.ts';
import type { HeldSecret } from '../../custody/load-secret.ts';
import { SealroomError } from '../../errors/index.ts';
import type { OpenedPackage } from '../../package/index.ts';
import type { DecryptSummary } from '../../protect/index.ts';
import { checkTransfer, nameOf, type TableInput, type TableOutput } from '../../tabular/index.ts';
import { type Collaboration, type CollaborationChoice, resolveCollaboration } from './collaboration.ts';
import type { MemberEnvironment } from './environment.ts';
import { findOrigin, loadSecret, recordInput, type SecretWish } from './load-secret.ts';
import { openPackageInput, type PackageKeys } from './open-package.ts';
import { sealedColumnsOf } from './sealed-columns.ts';
import { findSignature, originOfSignature, requireSignedSecret } from './table-signature.ts';
import { loadProtect, type TableTransfer } from './table-transfer.ts';

/** The options of {@link decryptForCollaboration}. */
export interface DecryptRequest {
  /** The protected table, or a result package of a room. */
  readonly table: TableTransfer;
  /** The output for the table in a package. */
  readonly packageOutput: TableOutput;
  /** May be left out for a package, which names its collaboration. */
  readonly collaboration: CollaborationChoice;
  readonly packageKeys: PackageKeys;
  /** URI of the key that opens the envelope; default: `SEALROOM_KEY`, else the key that the envelope names. */
  readonly key?: string | undefined;
  readonly failOnFingerprintColumns: boolean;
  /** Whether to pass on what is neither sealed nor null in a sealed column; not for a package, whose columns the room signed. */
  readonly allowMixedColumns?: boolean | undefined;
  /** See `OpenCellOptions`. */
  readonly lenientCells?: boolean | undefined;
}

/** The result of {@link decryptForCollaboration}. */
export interface DecryptedTable {
  readonly summary: DecryptSummary;
  /** The output that was written. */
  readonly output: TableOutput;
  /** `null` for a table. */
  readonly package: OpenedPackage | null;
  /** The generation of the secret; `null` if it is not known. */
  readonly generation: number | null;
  /** Whether the home has no newer secret. */
  readonly isNewest: boolean;
  /** The key that signed the table, whose rows were checked; `null` if it has no signature. */
  readonly signedBy: string | null;
}

/**
 * Decrypts a table of a collaboration, or a result package and the table in it. Before the output gets its name, the log of the home
 * records the use of the secret and the table.
 *
 * @throws {SealroomError} USAGE_OPTION if a package is of another collaboration, or is to have mixed columns; as `openPackageInput`,
 *   `resolveCollaboration`, `findSignature`, `loadSecret` and `decryptTable`. No output is left behind.
 */
export async function decryptForCollaboration(
  environment: MemberEnvironment,
  request: DecryptRequest,
): Promise<DecryptedTable> {
  const { table, packageOutput, collaboration: choice, packageKeys, key } = request;
  const { failOnFingerprintColumns, allowMixedColumns = false, lenientCells } = request;
  const packaged = await openPackageInput(environment, table.input, packageKeys);
  const opened = packaged?.opened ?? null;
  // Files come first: a secret is not asked for in vain.
  if (opened === null) await checkTransfer(table);
  if (opened !== null && allowMixedColumns) throw mixedPackage();
  const collaboration = await collaborationOf(environment, choice, opened);
  const { decryptTable } = await loadProtect();
  const found = opened === null ? await findOrigin(environment, table) : null;
  // A package is signed as a whole.
  const signature = opened === null ? await findSignature(environment, table, collaboration) : undefined;
  const origin = signature === undefined ? found : (originOfSignature(signature) ?? found);
  using held = await secretFor(environment, { collaboration, key, origin }, opened);
  requireSignedSecret(held, signature);
  const transfer =
    opened === null ? table : { ...table, input: tableIn(opened, nameOf(table.input)), output: packageOutput };
  const recordUse = held === null ? undefined : recordInput(held);
  const summary = await decryptTable({
    ...transfer,
    collaborationId: collaboration.id,
    secret: held?.secret ?? null,
    failOnFingerprintColumns,
    signature,
    sealedColumns:
      opened === null ? sealedColumnsOf(signature?.statement ?? found, collaboration.manifest) : sealedIn(opened),
    allowMixedColumns,
    lenientCells,
    signal: environment.signal,
    beforeCommit:
      packaged === null
        ? recordUse
        : async (facts) => {
            await recordUse?.(facts);
            await packaged.recordTaken();
          },
  }).catch((error: unknown) => {
    throw opened === null ? error : asBrokenPromise(error, held);
  });
  const { generation = null, isNewest = true } = held ?? {};
  const signedBy = signature?.key ?? null;
  return { summary, output: transfer.output, package: opened, generation, isNewest, signedBy };
}

/** A sealed cell in a package that states that it has none is not a missing secret: the room stated what is false. */
function asBrokenPromise(error: unknown, held: HeldSecret | null): unknown {
  if (held !== null || !(error instanceof SealroomError) || error.code !== 'SECRET_MISSING') return error;
  const message = 'the package has a sealed cell, and states that it has none';
  return new SealroomError('FORMAT_PACKAGE', message, { where: error.where, cause: error });
}

function mixedPackage(): SealroomError {
  return new SealroomError('USAGE_OPTION', '`--allow-mixed-columns` cannot be used with a result package', {
    hint: 'the room signed which columns are sealed',
  });
}

function sealedIn({ statement }: OpenedPackage): readonly string[] {
  return statement.columns.filter(({ protection }) => protection === 'sealed').map(({ name }) => name);
}

function tableIn({ table, statement }: OpenedPackage, name: string): TableInput {
  return { kind: 'memory', bytes: table, format: statement.result.format, name };
}

/** Finds the collaboration. A package names its collaboration, which must be the chosen one if there is one. */
async function collaborationOf(
  environment: MemberEnvironment,
  choice: CollaborationChoice,
  opened: OpenedPackage | null,
): Promise<Pick<Collaboration, 'id' | 'manifest'>> {
  if (opened !== null && choice.id === undefined && choice.manifest === undefined) {
    return { id: parseCollaborationId(opened.statement.collaboration), manifest: null };
  }
  const collaboration = await resolveCollaboration(environment, choice, { purpose: 'decrypt' });
  if (opened === null || opened.statement.collaboration === collaboration.id) return collaboration;
  throw new SealroomError('USAGE_OPTION', 'the package belongs to another collaboration', {
    hint: 'leave out `--id` and `--manifest`: the package names its collaboration',
  });
}

/** Loads the secret; `null` for a package without sealed columns, which needs none. */
async function secretFor(
  environment: MemberEnvironment,
  wish: Omit<SecretWish, 'action'>,
  opened: OpenedPackage | null,
): Promise<HeldSecret | null> {
  const isSealed = opened?.statement.columns.some(({ protection }) => protection === 'sealed') ?? true;
  return isSealed ? loadSecret(environment, { ...wish, action: 'decrypt' }) : null;
}
