import { wipe } from '../../bytes/index.ts';
import type { CollaborationId } from '../../crypto/index.ts';
import {
  destroyEnvelope,
  type EnvelopePlace,
  KEY_VARIABLE,
  listEnvelopes,
  type MemberHome,
  newestEnvelope,
  newSharedSecret,
  readEnvelope,
  readSecretFromEnvironment,
  recordEvent,
  secretTextOf,
  storeEnvelope,
  type StoredEnvelope,
} from '../../custody/index.ts';
import { SealroomError } from '../../errors/index.ts';
import { authorise } from './authorise.ts';
import { type CollaborationChoice, resolveCollaboration } from './collaboration.ts';
import { homeOf, type MemberEnvironment } from './environment.ts';
import { requireNamed, requireUnnamed } from './named-secret.ts';
import { ProviderPool } from './provider-pool.ts';

/** Chooses a secret, and the key that opens it. */
interface SecretChoice {
  readonly collaboration: CollaborationChoice;
  /** Default: the newest. */
  readonly generation?: number | undefined;
  /** URI of the key that opens the envelope; default: `SEALROOM_KEY`, else the key that the envelope names. */
  readonly key?: string | undefined;
}

/** Asks for confirmation, and throws if it is refused. */
type Confirm = (stored: StoredEnvelope) => Promise<void>;

/** Finds the envelope of a generation, or the newest. @throws {SealroomError} CUSTODY_KEY if there is none. */
async function find(home: MemberHome, collaborationId: CollaborationId, generation?: number): Promise<StoredEnvelope> {
  const newest = generation === undefined ? await newestEnvelope(home, collaborationId) : null;
  return newest ?? readEnvelope(home, { collaborationId, generation: generation ?? 1 });
}

/**
 * Creates the first secret of a collaboration, or imports it from the environment, and wraps it in an envelope of the home.
 *
 * @throws {SealroomError} USAGE_OPTION without a key; IO_EXISTS if there already is a secret; CUSTODY_KEY if the manifest names another; SECRET_* for
 *   the one in the environment; as `resolveCollaboration`, `authorise`, the provider of the key and the log.
 */
export async function createSecret(
  environment: MemberEnvironment,
  { collaboration, key, isImported }: Omit<SecretChoice, 'generation'> & { readonly isImported: boolean },
): Promise<StoredEnvelope> {
  const uri = key ?? environment.env[KEY_VARIABLE];
  if (uri === undefined) {
    throw new SealroomError('USAGE_OPTION', '`--key` is missing', {
      hint: 'name the key that wraps the secret, such as `--key keystore:<file>`; docs/keys.md lists the kinds',
    });
  }
  const home = homeOf(environment);
  const { id: collaborationId, manifest } = await resolveCollaboration(environment, collaboration, {
    purpose: 'create',
    isDraft: true,
  });
  const newest = (await listEnvelopes(home, collaborationId)).at(-1);
  if (newest !== undefined) {
    throw new SealroomError('IO_EXISTS', 'the home already has a secret of the collaboration', {
      where: { file: newest.file },
      hint: '`sealroom key rotate` creates the next generation, `sealroom key wrap --to` wraps it with another key',
    });
  }
  const isRoleBound = await authorise(home, { action: 'create', envelope: null, manifest });
  if (!isImported) requireUnnamed(manifest, 1);
  using secret = isImported ? await readSecretFromEnvironment(environment.env) : newSharedSecret();
  await requireNamed(manifest, secret, { collaborationId, generation: 1 });
  await using pool = new ProviderPool(environment);
  const provider = await pool.provider(uri);
  const envelope = await provider.wrap(secret, {
    collaborationId,
    generation: 1,
    created: environment.now().toISOString(),
    isRoleBound,
  });
  await recordEvent(home, envelope, { action: 'create', purpose: isImported ? 'import' : 'new' });
  return await storeEnvelope(home, envelope, { provider, secret, replaced: null });
}

/** A new envelope, and the one that it replaced. */
export interface WrappedSecret {
  readonly stored: StoredEnvelope;
  readonly replaced: StoredEnvelope;
}

/** The options of {@link wrapSecrets}; without a generation, it wraps all of them. */
export interface WrapRequest extends SecretChoice {
  /** URI of the new key. */
  readonly to: string;
  /** Called for each envelope that is stored: it stays if a later one fails. */
  readonly onWrapped?: ((wrapped: WrappedSecret) => void) | undefined;
}

/**
 * Wraps secrets with another key.
 *
 * @throws {SealroomError} CUSTODY_KEY if there is none; as `resolveCollaboration`, `authorise`, both providers and the log.
 */
export async function wrapSecrets(
  environment: MemberEnvironment,
  { collaboration, generation: only, key, to, onWrapped }: WrapRequest,
): Promise<readonly WrappedSecret[]> {
  const home = homeOf(environment);
  const { id: collaborationId, manifest } = await resolveCollaboration(environment, collaboration, { purpose: 'wrap' });
  const all = await listEnvelopes(home, collaborationId);
  const wanted = only === undefined ? all.map(({ generation }) => generation) : [only];
  if (wanted.length === 0) await find(home, collaborationId);
  const held: StoredEnvelope[] = [];
  for (const generation of wanted) held.push(await readEnvelope(home, { collaborationId, generation }));
  // All are asked for before the first is opened: one of them may be bound to roles, and another not.
  for (const { envelope } of held) await authorise(home, { action: 'wrap', envelope, manifest });
  await using pool = new ProviderPool(environment);
  const target = await pool.provider(to);
  const wrapped: WrappedSecret[] = [];
  for (const replaced of held) {
    const { generation } = replaced.envelope;
    using secret = await pool.unwrap(replaced, key);
    await requireNamed(manifest, secret, { collaborationId, generation });
    const envelope = await target.wrap(secret, {
      collaborationId,
      generation,
      created: environment.now().toISOString(),
      isRoleBound: replaced.envelope.isRoleBound,
    });
    await recordEvent(home, envelope, { action: 'wrap', purpose: `from ${replaced.envelope.provider}` });
    const stored = await storeEnvelope(home, envelope, { provider: target, secret, replaced });
    wrapped.push({ stored, replaced });
    onWrapped?.({ stored, replaced });
  }
  return wrapped;
}

/** The options of {@link exportSecret}. */
export interface ExportRequest extends SecretChoice {
  readonly confirm: Confirm;
  /** Called with the secret as Base64 text, which is wiped when it returns. */
  readonly take: (text: Uint8Array, stored: StoredEnvelope) => void;
}

/**
 * Exports a secret itself, after recording it in the log.
 *
 * @throws {SealroomError} CUSTODY_KEY if there is none; what `confirm` throws; as `resolveCollaboration`, `authorise`, the
 *   provider and the log.
 */
export async function exportSecret(
  environment: MemberEnvironment,
  { collaboration, generation, key, confirm, take }: ExportRequest,
): Promise<void> {
  const home = homeOf(environment);
  const { id, manifest } = await resolveCollaboration(environment, collaboration, { purpose: 'export' });
  const stored = await find(home, id, generation);
  await authorise(home, { action: 'export', envelope: stored.envelope, manifest });
  await confirm(stored);
  await using pool = new ProviderPool(environment);
  using secret = await pool.unwrap(stored, key);
  await requireNamed(manifest, secret, stored.envelope);
  await recordEvent(home, stored.envelope, { action: 'export', purpose: 'export-c3r' });
  const text = secretTextOf(secret);
  try {
    take(text, stored);
  } finally {
    wipe(text);
  }
}

/** The options of {@link destroySecret}. */
export interface DestroyRequest {
  readonly collaboration: CollaborationChoice;
  readonly generation: number;
  readonly confirm: Confirm;
}

/**
 * Destroys the envelope of a generation for good, after recording it in the log. Copies and backups stay.
 *
 * @returns the destroyed envelope
 * @throws {SealroomError} CUSTODY_KEY if there is none; what `confirm` throws; as `resolveCollaboration`, `authorise` and the log.
 */
export async function destroySecret(
  environment: MemberEnvironment,
  { collaboration, generation, confirm }: DestroyRequest,
): Promise<StoredEnvelope> {
  const home = homeOf(environment);
  const { id, manifest } = await resolveCollaboration(environment, collaboration, { purpose: 'destroy' });
  const stored = await find(home, id, generation);
  await authorise(home, { action: 'destroy', envelope: stored.envelope, manifest });
  await confirm(stored);
  await recordEvent(home, stored.envelope, { action: 'destroy', purpose: 'destroy' });
  await destroyEnvelope(home, stored);
  return stored;
}

/** An envelope of the home, and its problem if it has one. */
export interface ListedSecret {
  readonly place: EnvelopePlace;
  /** `null` if it cannot be read. */
  readonly stored: StoredEnvelope | null;
  readonly problem: SealroomError | null;
}

/** The secrets of a home. */
export interface SecretList {
  /** Directory of the home. */
  readonly home: string;
  readonly secrets: readonly ListedSecret[];
}

/**
 * Lists the envelopes of the home, of one collaboration if one is chosen. Problems with them are in the list, and not thrown; one of
 * them is that roles forbid to open an envelope.
 *
 * @throws {SealroomError} as `resolveCollaboration`; IO_READ.
 */
export async function listSecrets(
  environment: MemberEnvironment,
  {
    collaboration: choice,
    key,
    isChecked,
  }: {
    /** Default: all. The manifest is needed to open secrets that are bound to its roles. */
    readonly collaboration?: CollaborationChoice | undefined;
    readonly key?: string | undefined;
    /** Whether each is unwrapped, which the log records. */
    readonly isChecked: boolean;
  },
): Promise<SecretList> {
  const home = homeOf(environment);
  const isChosen = choice?.id !== undefined || choice?.manifest !== undefined;
  const { id: only, manifest = null } = isChosen
    ? await resolveCollaboration(environment, choice, { purpose: 'show' })
    : {};
  await using pool = new ProviderPool(environment);
  const check = async (stored: StoredEnvelope): Promise<void> => {
    await authorise(home, { action: 'check', envelope: stored.envelope, manifest });
    using secret = await pool.unwrap(stored, key);
    await recordEvent(home, stored.envelope, { action: 'unwrap', purpose: 'check' });
    await requireNamed(manifest, secret, stored.envelope);
  };
  const secrets: ListedSecret[] = [];
  for (const place of await listEnvelopes(home, only)) secrets.push(await look(home, place, isChecked ? check : null));
  return { home: home.directory, secrets };
}

async function look(
  home: MemberHome,
  place: EnvelopePlace,
  check: ((stored: StoredEnvelope) => Promise<void>) | null,
): Promise<ListedSecret> {
  let stored: StoredEnvelope | null = null;
  try {
    stored = await readEnvelope(home, place);
    await check?.(stored);
    return { place, stored, problem: null };
  } catch (error) {
    if (!(error instanceof SealroomError)) throw error;
    return { place, stored, problem: error };
  }
}
