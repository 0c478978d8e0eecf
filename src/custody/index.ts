/** Where the shared secret and other secret keys come from, who keeps them, and how members hand them over. */
export { chooseKey, type ChosenKey, requireKnownRoute } from './choose-key.ts';
export type { Check } from './doctor/check.ts';
export { examineCustody } from './doctor/index.ts';
export {
  destroyEnvelope,
  type EnvelopePlace,
  type EnvelopeProof,
  listEnvelopes,
  newestEnvelope,
  readEnvelope,
  type StoredEnvelope,
  storeEnvelope,
} from './envelope-store.ts';
export { type Envelope, parseEnvelope, printEnvelope, type SecretMetadata } from './envelope.ts';
export { readSecretFromEnvironment, SECRET_FILE_VARIABLE, SECRET_VARIABLE } from './environment.ts';
export { findPinned, listKnownKeys, listPinned, pinCard, requireOther } from './exchange/card-store.ts';
export { type Card, kindOfCard, parseCard, type SignedCard } from './exchange/card.ts';
export {
  type FileText,
  type ReceiveOptions,
  receiveSecret,
  requestSecret,
  type SecretRequestOptions,
  type SendOptions,
  sendSecret,
  type SentSecret,
  type TakenSecret,
} from './exchange/hand-over.ts';
export { initMember, type InitOptions, readOwnCard } from './exchange/member.ts';
export { readParcelFile } from './exchange/message-file.ts';
export { parseRequest, type SignedRequest } from './exchange/request.ts';
export { listRequests } from './exchange/request-store.ts';
export { type CarriedText, carryText, printCarried } from './exchange/signed-text.ts';
export { authenticationString, isSameString } from './exchange/short-authentication-string.ts';
export { requireFips } from './fips.ts';
export { HOME_VARIABLE, memberHome, type MemberHome } from './home.ts';
export { type EnvelopeEvent, recordEvent, recordRefusal, type RefusedUse, type SecretSubject } from './key-events.ts';
export { type KeyAction, type KeyUse, type KeyLog, type KeyLogOptions, openKeyLog } from './key-log.ts';
export { KEY_VARIABLE, loadSharedSecret } from './load-secret.ts';
export { pinRoom, readPinnedRoom } from './pinned-rooms.ts';
export { openProvider } from './providers/open-provider.ts';
export type { KeyProvider, PassphraseRequest, ProviderContext, ProviderDescription } from './providers/provider.ts';
export { routeOf } from './providers/route.ts';
export { ENFORCING_SCHEMES, isPlaintext, isReadableByUser, PROVIDER_SCHEMES } from './providers/providers.ts';
export {
  forgetRequestOfJob,
  forgetRoomRequest,
  keepRoomRequest,
  readRoomRequest,
  type KeptRequest,
} from './room-requests.ts';
export { readSecretFile } from './secret-file.ts';
export {
  fullSecretIdOf,
  type HeldSecret,
  newSharedSecret,
  secretIdOf,
  type SecretRequest,
  secretTextOf,
  shortSecretId,
} from './secret.ts';
export { createSigningKey, readPublicKeyOf, readSigningKey } from './signing-key.ts';
export { unwrapEnvelope } from './unwrap-envelope.ts';
export { recordTakenPackage, requireNewPackage } from './taken-packages.ts';
