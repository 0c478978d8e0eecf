/** Where the shared secret and other secret keys come from. */
export { openKeyLog } from './audit-key-log.ts';
export { readSecretFromEnvironment, SECRET_FILE_VARIABLE, SECRET_VARIABLE } from './environment.ts';
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
export { readParcelFile } from './exchange/files.ts';
export { listPinned, pinCard } from './exchange/pinned.ts';
export type { SignedRequest } from './exchange/request.ts';
export { authenticationString, isSameString } from './exchange/short-string.ts';
export { memberHome, type MemberHome } from './home.ts';
export type { KeyEvent, KeyLog } from './key-log.ts';
export { readSecretFile } from './secret-file.ts';
export { createSigningKey, readSigningKey } from './signing-key.ts';
