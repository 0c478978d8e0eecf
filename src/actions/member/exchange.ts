import {
  type Envelope,
  type FileText,
  KEY_VARIABLE,
  readParcelFile,
  receiveSecret,
  requestSecret,
  type SecretSubject,
  sendSecret,
  type SentSecret,
  type SignedCard,
  type SignedRequest,
  type TakenSecret,
} from '../../custody/index.ts';
import { SealroomError } from '../../errors/index.ts';
import { authorise, recordingRefusal } from './authorise.ts';
import { type CollaborationChoice, resolveCollaboration } from './collaboration.ts';
import { homeOf, type MemberEnvironment } from './environment.ts';

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
  const { id: collaborationId } = await resolveCollaboration(collaboration);
  return requestSecret(homeOf(environment), { from, collaborationId, generation, days, now: environment.now() });
}

/** The options of {@link sendToMember}. */
export interface SendRequest {
  /** The pinned card of the member that asked. */
  readonly to: FileText;
  readonly request: FileText;
  /** The manifest of the collaboration; needed for a secret that is bound to its roles. */
  readonly manifest?: FileText | undefined;
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
  const options = {
    to,
    request,
    key: key ?? environment.env[KEY_VARIABLE] ?? null,
    context: environment,
    authorise: (own: Envelope, receiver: SignedCard) => authoriseExchange(environment, 'send', manifest, own, receiver),
    now: environment.now(),
  };
  return inFile(request.file, () => sendSecret(homeOf(environment), options));
}

/** The options of {@link receiveFromMember}. */
export interface ReceiveRequest {
  /** Absolute path of the parcel from the other member. */
  readonly file: string;
  /** The manifest of the collaboration; needed for a secret that is bound to its roles. */
  readonly manifest?: FileText | undefined;
  /** URI of the key that wraps the secret in this home; default: `SEALROOM_KEY`. */
  readonly key?: string | undefined;
}

/**
 * Receives a secret from another member, and wraps it in an envelope of the home.
 *
 * @throws {SealroomError} USAGE_OPTION without a key; as `resolveCollaboration`, `authorise`, `readParcelFile` and
 *   `receiveSecret`.
 */
export async function receiveFromMember(
  environment: MemberEnvironment,
  { file, manifest, key: chosen }: ReceiveRequest,
): Promise<TakenSecret> {
  const key = chosen ?? environment.env[KEY_VARIABLE];
  if (key === undefined) {
    throw new SealroomError('USAGE_OPTION', '`--key` is missing', {
      hint: 'name the key that wraps the secret here, such as `--key keystore:<file>`; docs/keys.md lists the kinds',
    });
  }
  // Only the parcel says which secret it has, and whether that is bound to roles; a manifest is asked before the parcel is opened.
  if (manifest !== undefined) await authoriseReceiver(environment, manifest);
  const options = {
    parcel: await readParcelFile(file),
    key,
    context: environment,
    authorise: (secret: SecretSubject) => authoriseExchange(environment, 'receive', manifest, secret, null),
    now: environment.now(),
  };
  return inFile(file, () => receiveSecret(homeOf(environment), options));
}

/** Checks that the owner of the home may receive a secret of the collaboration. */
async function authoriseReceiver(environment: MemberEnvironment, text: FileText): Promise<void> {
  const { manifest } = await resolveCollaboration({ manifest: text });
  await authorise(homeOf(environment), { action: 'receive', envelope: null, manifest });
}

/** Checks the roles of the owner of the home and of the receiver. */
async function authoriseExchange(
  environment: MemberEnvironment,
  action: 'send' | 'receive',
  text: FileText | undefined,
  envelope: SecretSubject,
  receiver: SignedCard | null,
): Promise<void> {
  const id = envelope.collaborationId;
  const manifest = text === undefined ? null : (await resolveCollaboration({ id, manifest: text })).manifest;
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
