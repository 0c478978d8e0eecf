import {
  type Envelope,
  type FileText,
  KEY_VARIABLE,
  listEnvelopes,
  type MemberHome,
  parseEnvelope,
  readEnvelope,
  recordEvent,
  routeOf,
  shortSecretId,
  storeEnvelope,
  type StoredEnvelope,
  unwrapEnvelope,
} from '../../custody/index.ts';
import type { Manifest } from '../../collab/index.ts';
import { SealroomError } from '../../errors/index.ts';
import { authorise } from './authorise.ts';
import { resolveCollaboration } from './collaboration.ts';
import { homeOf, type MemberEnvironment } from './environment.ts';
import { requireNamedId } from './named-secret.ts';
import { ProviderPool } from './provider-pool.ts';
import type { ManifestFile } from './trusted-manifest.ts';

/** An envelope from elsewhere, for a person to look at. */
export interface EnvelopeToAdopt {
  readonly envelope: Envelope;
  /** What its key is reached by, as `name=value`: an endpoint, a profile, a module, a PIN file. */
  readonly route: readonly string[];
  /** The envelope of the home that it replaces, or `null`. */
  readonly replaced: StoredEnvelope | null;
}

/** The options of {@link adoptEnvelope}. */
export interface AdoptRequest {
  readonly file: FileText;
  /** The manifest of the collaboration; needed for a secret that is bound to its roles. It says which secret is meant. */
  readonly manifest?: ManifestFile | undefined;
  /** The id that the secret must have: the short or the full one, as hexadecimal digits. */
  readonly secretId?: string | undefined;
  /** URI of the key that opens it; default: `SEALROOM_KEY`, else the key that the envelope names. */
  readonly key?: string | undefined;
  /** Asks whether to take it in, and throws if not. */
  readonly confirm: (shown: EnvelopeToAdopt) => Promise<void>;
}

/**
 * Takes an envelope from elsewhere into the home, after its owner has seen what it says: it is opened, recorded and stored, and the key
 * that opened it counts from then on as one that the home has used. It may replace one of the same secret.
 *
 * @throws {SealroomError} CUSTODY_ENVELOPE if it is malformed, of version 1, or less bound than the one it replaces; CUSTODY_KEY if it
 *   is of another secret than is wanted, or than the manifest names; USAGE_OPTION for an invalid id or another collaboration; what `confirm` throws; as `resolveCollaboration`,
 *   `authorise`, the provider, the log and `storeEnvelope`.
 */
export async function adoptEnvelope(
  environment: MemberEnvironment,
  { file, manifest: text, secretId, key, confirm }: AdoptRequest,
): Promise<StoredEnvelope> {
  const home = homeOf(environment);
  const envelope = parseEnvelope(file.text, file);
  if (envelope.version === 1) throw oldVersion(file);
  if (secretId !== undefined) requireSecret(envelope, secretId);
  const manifest = await manifestOf(environment, envelope, text);
  await requireNamedId(manifest, envelope.generation, envelope.secretId);
  const replaced = await findReplaced(home, envelope);
  await authorise(home, { action: 'adopt', envelope, manifest });
  await confirm({ envelope, route: await routeOf(envelope.key), replaced });
  await using pool = new ProviderPool(environment);
  const usedKey = key ?? environment.env[KEY_VARIABLE] ?? envelope.key;
  const provider = await pool.provider(usedKey);
  using secret = await unwrapEnvelope(envelope, provider, file);
  await recordEvent(home, envelope, { action: 'receive', purpose: 'adopt' });
  return await storeEnvelope(home, envelope, { provider, secret, replaced, usedKey });
}

function oldVersion({ file }: FileText): SealroomError {
  return new SealroomError('CUSTODY_ENVELOPE', 'an envelope of version 1 cannot be taken in', {
    where: { file },
    hint: 'with AWS KMS it does not show who made it; ask for one of version 2, which `sealroom key wrap --to <key>` makes',
  });
}

function requireSecret({ secretId }: Envelope, wanted: string): void {
  const digits = wanted.toLowerCase();
  if (!/^(?:[0-9a-f]{32}|[0-9a-f]{64})$/.test(digits)) {
    throw new SealroomError('USAGE_OPTION', 'the id of a secret has 32 or 64 hexadecimal digits', {
      hint: '`sealroom key show` prints it, in the home of whoever has the secret',
    });
  }
  if (secretId.startsWith(digits)) return;
  throw new SealroomError('CUSTODY_KEY', `expected secret ${digits}, got ${secretId.slice(0, digits.length)}`, {
    hint: 'ask who sent the envelope which secret is in it',
  });
}

async function manifestOf(
  environment: MemberEnvironment,
  { collaborationId }: Envelope,
  text: ManifestFile | undefined,
): Promise<Manifest | null> {
  if (text === undefined) return null;
  const { id, manifest } = await resolveCollaboration(environment, { manifest: text }, { purpose: 'adopt' });
  if (id === collaborationId) return manifest;
  throw new SealroomError('USAGE_OPTION', 'the envelope belongs to another collaboration than the manifest', {
    hint: `it is for ${collaborationId}`,
  });
}

/** The envelope of the home with the same generation, which must have the same secret. */
async function findReplaced(home: MemberHome, envelope: Envelope): Promise<StoredEnvelope | null> {
  const places = await listEnvelopes(home, envelope.collaborationId);
  if (!places.some(({ generation }) => generation === envelope.generation)) return null;
  const stored = await readEnvelope(home, envelope);
  const { file, envelope: held } = stored;
  if (shortSecretId(held.secretId) !== shortSecretId(envelope.secretId)) {
    throw new SealroomError(
      'CUSTODY_KEY',
      `the home already has another secret of generation ${String(envelope.generation)}`,
      { where: { file }, hint: 'the members have two secrets of one generation: agree on one, or rotate' },
    );
  }
  if (!held.isRoleBound || envelope.isRoleBound) return stored;
  throw new SealroomError('CUSTODY_ENVELOPE', 'the envelope in the home is bound to roles, and this one is not', {
    where: { file },
    hint: 'a secret stays bound to roles: ask who sent the envelope',
  });
}
