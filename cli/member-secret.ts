import { resolve } from 'node:path';
import type { RoleAction } from '../src/collab/index.ts';
import type { CollaborationId } from '../src/crypto/index.ts';
import { type HeldSecret, memberHome, loadSharedSecret } from '../src/custody/load-secret.ts';
import type { ProviderContext } from '../src/custody/index.ts';
import { SealroomError } from '../src/errors/index.ts';
import {
  type FoundProvenance,
  type Provenance,
  readProvenance,
  STANDARD_STREAM,
  type TableFormat,
  type TransferResult,
} from '../src/tabular/index.ts';
import { type KeyArguments, providerContext } from './options/key-options.ts';
import { checkRole } from './roles.ts';
import type { CliIo } from './terminal.ts';

/** Which secret a table is encrypted with, as far as is known. */
export type TableOrigin = Pick<Provenance, 'collaborationId' | 'generation'> & Partial<Pick<Provenance, 'secretId'>>;

/** What says which secret a command on a table takes. */
export interface SecretArguments extends KeyArguments {
  readonly manifest: string | undefined;
}

/**
 * The secret that a command on a table takes, after the roles allowed it.
 *
 * @param origin where the table comes from, which says which generation; `null` for the newest
 * @param context what the provider of its key gets; one of its own if left out
 * @throws {SealroomError} USAGE_OPTION if the table is that of another collaboration; CUSTODY_KEY with what can be done if the
 *   generation is not there any more; as `loadSharedSecret` and `checkRole`.
 */
export async function loadSecret(
  io: CliIo,
  args: SecretArguments,
  collaborationId: CollaborationId,
  action: RoleAction,
  origin: TableOrigin | null = null,
  context: ProviderContext = providerContext(io, args),
): Promise<HeldSecret> {
  if (origin !== null && origin.collaborationId !== collaborationId) {
    throw new SealroomError('USAGE_OPTION', 'expected a table of this collaboration, got one of another', {
      hint: `it was encrypted for ${origin.collaborationId}`,
    });
  }
  const home = memberHome(io.env, { cwd: io.cwd, home: args.home });
  const held = await loadSharedSecret(
    {
      collaborationId,
      generation: origin?.generation,
      key: args.key,
      home: args.home,
      purpose: action,
      authorise: async (envelope) => {
        await checkRole(io, { home, manifest: args.manifest, action, envelope });
      },
    },
    context,
  );
  if (origin?.secretId === undefined || origin.secretId === held.secretId) return held;
  held[Symbol.dispose]();
  const expected = `the secret ${origin.secretId} of generation ${String(origin.generation)}`;
  throw new SealroomError('CUSTODY_KEY', `expected ${expected}, got ${held.secretId}`, {
    hint: 'that is the one that the table was encrypted with; `sealroom key show` lists those in your home',
  });
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
  io: CliIo,
  { input, 'file-format': format }: { readonly input: string; readonly 'file-format': TableFormat | undefined },
): Promise<FoundProvenance | null> {
  if (input === STANDARD_STREAM) return null;
  return readProvenance(resolve(io.cwd, input), { format, signal: io.signal });
}
