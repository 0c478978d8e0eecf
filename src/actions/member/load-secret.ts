import type { RoleAction } from '../../collab/index.ts';
import type { ProviderContext } from '../../custody/index.ts';
import { type HeldSecret, loadSharedSecret } from '../../custody/load-secret.ts';
import { SealroomError } from '../../errors/index.ts';
import {
  type FoundProvenance,
  type Provenance,
  readProvenance,
  STANDARD_STREAM,
  type TransferResult,
} from '../../tabular/index.ts';
import { authorise } from './authorise.ts';
import type { Collaboration } from './collaboration.ts';
import { homeOf, type MemberEnvironment } from './environment.ts';
import type { TableTransfer } from './table-transfer.ts';

/** Which secret a table is encrypted with, as far as is known. */
export type TableOrigin = Pick<Provenance, 'collaborationId' | 'generation'> & Partial<Pick<Provenance, 'secretId'>>;

/** Which secret an action on a table takes, and what for. */
export interface SecretWish {
  readonly collaboration: Pick<Collaboration, 'id' | 'manifest'>;
  readonly action: RoleAction;
  /** URI of the key that opens the envelope, before `SEALROOM_KEY` and the one that the envelope names. */
  readonly key: string | undefined;
  /** Where the table comes from, which says which generation; `null` for the newest. */
  readonly origin: TableOrigin | null;
}

/**
 * The secret that an action on a table takes, after the roles allowed it.
 *
 * @returns the secret, which the caller disposes of
 * @throws {SealroomError} USAGE_OPTION if the table is that of another collaboration; CUSTODY_KEY with what can be done if the
 *   generation is not there any more; as `loadSharedSecret` and `authorise`.
 */
export async function loadSecret(
  environment: MemberEnvironment,
  { collaboration: { id: collaborationId, manifest }, action, key, origin }: SecretWish,
): Promise<HeldSecret> {
  if (origin !== null && origin.collaborationId !== collaborationId) {
    throw new SealroomError('USAGE_OPTION', 'expected a table of this collaboration, got one of another', {
      hint: `it was encrypted for ${origin.collaborationId}`,
    });
  }
  const home = homeOf(environment);
  const held = await loadSharedSecret(
    {
      collaborationId,
      generation: origin?.generation,
      key,
      home: environment.home,
      purpose: action,
      authorise: async (envelope) => {
        await authorise(home, { action, envelope, manifest });
      },
    },
    environment,
  );
  if (origin?.secretId === undefined || origin.secretId === held.secretId) return held;
  held[Symbol.dispose]();
  const expected = `the secret ${origin.secretId} of generation ${String(origin.generation)}`;
  throw new SealroomError('CUSTODY_KEY', `expected ${expected}, got ${held.secretId}`, {
    hint: 'that is the one that the table was encrypted with; `sealroom key show` lists those in your home',
  });
}

/** The same environment for an action that opens several secrets: the passphrase of a keystore is asked for once. */
export function askingOnce<Context extends ProviderContext>(context: Context): Context {
  const answers = new Map<string, Promise<string>>();
  const askPassphrase: ProviderContext['askPassphrase'] = (question) => {
    const answer = answers.get(question.what) ?? context.askPassphrase(question);
    answers.set(question.what, answer);
    return answer;
  };
  return { ...context, askPassphrase };
}

/** What goes with a table that is encrypted with a secret; nothing is known of one from the environment. */
export function provenanceOf({
  generation,
  secretId,
}: HeldSecret): Pick<Provenance, 'generation' | 'secretId'> | undefined {
  return generation === null ? undefined : { generation, secretId };
}

/** Writes into the log which table was encrypted, before it gets its name. */
export function recordOutput({
  envelope,
  recordUse,
}: HeldSecret): ((facts: TransferResult) => Promise<void>) | undefined {
  if (envelope === null) return undefined;
  return async ({ rows, outputSha256 }) => {
    const sha256 = await outputSha256();
    await recordUse(sha256 === null ? null : { sha256, rows });
  };
}

/** Writes into the log which table was opened, before what was in it gets its name. */
export function recordInput({
  envelope,
  recordUse,
}: Pick<HeldSecret, 'envelope' | 'recordUse'>): ((facts: TransferResult) => Promise<void>) | undefined {
  if (envelope === null) return undefined;
  return async ({ rows, inputSha256 }) => recordUse({ sha256: await inputSha256(), rows });
}

/**
 * Where a protected table says that it comes from; `null` for standard input, and if nothing is known.
 *
 * @throws {SealroomError} as `readProvenance`.
 */
export async function findOrigin(
  { signal }: Pick<MemberEnvironment, 'signal'>,
  { input, inputFormat: format }: TableTransfer,
): Promise<FoundProvenance | null> {
  return input === STANDARD_STREAM ? null : readProvenance(input, { format, signal });
}
