import {
  type Envelope,
  type FileText,
  KEY_VARIABLE,
  readParcelFile,
  receiveSecret,
  requestSecret,
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

/** What {@link requestFromMember} takes. */
export interface AskRequest {
  /** The card of the member that is asked; pinned. */
  readonly from: FileText;
  readonly collaboration: CollaborationChoice;
  /** `null` for the newest that the other member has. */
  readonly generation: number | null;
  /** How long the request counts: 1 to 30 days. */
  readonly days: number;
}

/**
 * Asks another member for the secret of a collaboration. The request waits in the home for its answer.
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

/** What {@link sendToMember} takes. */
export interface SendRequest {
  /** The card of the member that asked; pinned. */
  readonly to: FileText;
  readonly request: FileText;
  /** Manifest of the collaboration, for a secret that is bound to the roles in it. */
  readonly manifest?: FileText | undefined;
  /** URI of the key that opens the envelope, before `SEALROOM_KEY` and the one that the envelope names. */
  readonly key?: string | undefined;
}

/**
 * Answers the request of another member with the secret that it asks for, if both may have it.
 *
 * @throws {SealroomError} RULE_ROLE if roles forbid it to whoever has the home, or to the receiver; as `resolveCollaboration`,
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

/** What {@link receiveFromMember} takes. */
export interface ReceiveRequest {
  /** Absolute path of what the other member sent. */
  readonly file: string;
  /** Manifest of the collaboration, for a secret that is bound to the roles in it. */
  readonly manifest?: FileText | undefined;
  /** URI of the key that the secret is wrapped with here, before `SEALROOM_KEY`. */
  readonly key?: string | undefined;
}

/**
 * Takes the secret that another member sent, and wraps it into an envelope of the home.
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
    throw new SealroomError('USAGE_OPTION', 'missing required argument: key', {
      hint: 'say what the secret is wrapped with here, such as `--key keystore:<file>`; docs/keys.md lists them',
    });
  }
  const options = {
    parcel: await readParcelFile(file),
    key,
    context: environment,
    authorise: (own: Envelope) => authoriseExchange(environment, 'receive', manifest, own, null),
    now: environment.now(),
  };
  return inFile(file, () => receiveSecret(homeOf(environment), options));
}

/** Refuses what the roles in the manifest do not allow: to this home, and to whoever would get the secret from it. */
async function authoriseExchange(
  environment: MemberEnvironment,
  action: 'send' | 'receive',
  text: FileText | undefined,
  envelope: Envelope,
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

/** Names the file that an error about a message of another member is about. */
async function inFile<T>(file: string | undefined, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw error instanceof SealroomError && error.code === 'CUSTODY_MESSAGE' ? error.at({ file }) : error;
  }
}
