import {
  type Envelope,
  type FileText,
  KEY_VARIABLE,
  readParcelFile,
  receiveSecret,
  requestSecret,
  type SecretSubject,
  type SendOptions,
  sendSecret,
  type SentSecret,
  type SignedCard,
  type SignedRequest,
  type TakenSecret,
} from '../../custody/index.ts';
import type { Manifest } from '../../collab/index.ts';
import type { CollaborationId } from '../../crypto/index.ts';
import { SealroomError } from '../../errors/index.ts';
import { authorise, recordingRefusal } from './authorise.ts';
import { type Collaboration, type CollaborationChoice, resolveCollaboration } from './collaboration.ts';
import { homeOf, type MemberEnvironment } from './environment.ts';
import { requireNamed } from './named-secret.ts';
import type { ManifestFile } from './trusted-manifest.ts';

/** The options of {@link requestFromMember}. */
export interface AskRequest {
  /** The pinned card of the member that is asked. */
  readonly from: FileText;
  readonly collaboration: CollaborationChoice;
  /** The generation, or `null` for the newest that the other member has. */
  readonly generation: number | null;
  /** Days for which the request is valid: 1 to 30. */
  readonly days: number;
}

/**
 * Requests the secret of a collaboration from another member. The request is kept in the home until its answer comes.
 *
 * @throws {SealroomError} as `resolveCollaboration` and `requestSecret`
 */
export async function requestFromMember(
  environment: MemberEnvironment,
  { from, collaboration, generation, days }: AskRequest,
): Promise<SignedRequest> {
  const { id: collaborationId } = await resolveCollaboration(environment, collaboration, { purpose: 'request' });
  return requestSecret(homeOf(environment), { from, collaborationId, generation, days, now: environment.now() });
}

/** The options of {@link sendToMember}. */
export interface SendRequest {
  /** The pinned card of the member that asked. */
  readonly to: FileText;
  readonly request: FileText;
  /** The manifest of the collaboration; needed for a secret that is bound to its roles. It says which secret is meant. */
  readonly manifest?: ManifestFile | undefined;
  /** URI of the key that opens the envelope; default: `SEALROOM_KEY`, else the key that the envelope names. */
  readonly key?: string | undefined;
}

/**
 * Answers another member's request with the secret, if roles allow it to both.
 *
 * @throws {SealroomError} RULE_ROLE if roles forbid it to the owner of the home or to the receiver; as `resolveCollaboration`,
 *   `authorise` and `sendSecret`.
 */
export async function sendToMember(
  environment: MemberEnvironment,
  { to, request, manifest, key }: SendRequest,
): Promise<SentSecret> {
  const read = manifestReader(environment, manifest, 'send');
  const options = {
    to,
    request,
    key: key ?? environment.env[KEY_VARIABLE] ?? null,
    context: environment,
    authorise: async (own: Envelope, receiver: SignedCard) =>
      authoriseExchange(environment, 'send', await read(own.collaborationId), own, receiver),
    checkSecret: checkAgainst(read),
    now: environment.now(),
  };
  return inFile(request.file, () => sendSecret(homeOf(environment), options));
}

/** What wraps a received secret, and says which one is meant. */
interface ReceivingChoice {
  /** The manifest of the collaboration; needed for a secret that is bound to its roles. It says which secret is meant. */
  readonly manifest?: ManifestFile | undefined;
  /** URI of the key that wraps the secret in this home; default: `SEALROOM_KEY`. */
  readonly key?: string | undefined;
}

/** The options of {@link receiveFromMember}. */
export interface ReceiveRequest extends ReceivingChoice {
  /** Absolute path of the parcel from the other member. */
  readonly file: string;
}

/**
 * Receives a secret from another member, and wraps it in an envelope of the home.
 *
 * @throws {SealroomError} as `readParcelFile` and {@link receiveParcel}
 */
export async function receiveFromMember(environment: MemberEnvironment, request: ReceiveRequest): Promise<TakenSecret> {
  requireKey(environment, request.key);
  return receiveParcel(environment, { ...request, parcel: await readParcelFile(request.file) });
}

/**
 * Receives a secret from a parcel in memory; otherwise as {@link receiveFromMember}.
 *
 * @throws {SealroomError} USAGE_OPTION without a key; as `resolveCollaboration`, `authorise` and `receiveSecret`.
 */
export async function receiveParcel(
  environment: MemberEnvironment,
  { file, parcel, manifest, key: chosen }: ReceivingChoice & { readonly file: string; readonly parcel: Uint8Array },
): Promise<TakenSecret> {
  const key = requireKey(environment, chosen);
  const read = manifestReader(environment, manifest, 'receive');
  // Only the parcel says which secret it has, and whether that is bound to roles; a manifest is asked before the parcel is opened.
  await authoriseReceiver(environment, await read(null));
  const options = {
    parcel,
    key,
    context: environment,
    authorise: async (secret: SecretSubject) =>
      authoriseExchange(environment, 'receive', await read(secret.collaborationId), secret, null),
    checkSecret: checkAgainst(read),
    now: environment.now(),
  };
  return inFile(file, () => receiveSecret(homeOf(environment), options));
}

function requireKey({ env }: Pick<MemberEnvironment, 'env'>, chosen: string | undefined): string {
  const key = chosen ?? env[KEY_VARIABLE];
  if (key !== undefined) return key;
  throw new SealroomError('USAGE_OPTION', '`--key` is missing', {
    hint: 'name the key that wraps the secret here, such as `--key keystore:<file>`; docs/keys.md lists the kinds',
  });
}

/** Reads the manifest, which has to be that of a collaboration if one is given; `null` if there is no manifest. */
type ManifestReader = (id: CollaborationId | null) => Promise<Manifest | null>;

/** A reader that reads the manifest once, although the message says only later which collaboration it is about. */
function manifestReader(
  environment: MemberEnvironment,
  text: ManifestFile | undefined,
  purpose: 'send' | 'receive',
): ManifestReader {
  if (text === undefined) return () => Promise.resolve(null);
  let found: Promise<Collaboration> | null = null;
  return async (id) => {
    found ??= resolveCollaboration(environment, { manifest: text }, { purpose });
    const { id: ofManifest, manifest } = await found;
    if (id === null || id === ofManifest) return manifest;
    throw new SealroomError('USAGE_OPTION', `the manifest is of another collaboration than ${id}`, {
      where: { file: text.file },
      hint: 'give the manifest of the collaboration that the secret is of',
    });
  };
}

/** Makes the check that a secret is the one that the manifest names. */
function checkAgainst(read: ManifestReader): NonNullable<SendOptions['checkSecret']> {
  return async (secret, facts) => {
    await requireNamed(await read(facts.collaborationId), secret, facts);
  };
}

/** Checks that the owner of the home may receive a secret of the collaboration. */
async function authoriseReceiver(environment: MemberEnvironment, manifest: Manifest | null): Promise<void> {
  if (manifest !== null) await authorise(homeOf(environment), { action: 'receive', envelope: null, manifest });
}

/** Checks the roles of the owner of the home and of the receiver. */
async function authoriseExchange(
  environment: MemberEnvironment,
  action: 'send' | 'receive',
  manifest: Manifest | null,
  envelope: SecretSubject,
  receiver: SignedCard | null,
): Promise<void> {
  const id = envelope.collaborationId;
  const home = homeOf(environment);
  const hasRoles = await authorise(home, { action, envelope, manifest });
  if (!hasRoles || manifest === null || receiver === null) return;
  const { requireRole } = await import('../../collab/index.ts');
  await recordingRefusal(home, { collaborationId: id, envelope, purpose: action }, () =>
    requireRole(manifest, receiver.body.sign, 'receive'),
  );
}

/** Adds the file to an error about a message from another member. */
async function inFile<T>(file: string | undefined, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw error instanceof SealroomError && error.code === 'CUSTODY_MESSAGE' ? error.at({ file }) : error;
  }
}
