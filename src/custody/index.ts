/** Where the shared secret and other secret keys come from, and who keeps them. */
export type { Check } from './doctor/check.ts';
export { examineCustody } from './doctor/index.ts';
export { type Envelope, parseEnvelope, printEnvelope, type SecretFacts } from './envelope.ts';
export { readSecretFromEnvironment, SECRET_FILE_VARIABLE, SECRET_VARIABLE } from './environment.ts';
export { requireFips } from './fips.ts';
export { HOME_VARIABLE, memberHome, type MemberHome } from './home.ts';
export { type EnvelopeEvent, recordEvent } from './key-events.ts';
export {
  destroyEnvelope,
  type EnvelopePlace,
  type EnvelopeProof,
  listEnvelopes,
  newestEnvelope,
  readEnvelope,
  storeEnvelope,
  type StoredEnvelope,
} from './key-ring.ts';
export { openEnvelope } from './open-envelope.ts';
export { type HeldSecret, KEY_VARIABLE, openSecret, type SecretRequest } from './open-secret.ts';
export type { KeyProvider, PassphraseQuestion, ProviderContext, ProviderDescription } from './provider.ts';
export { isBare, liesOpen, openProvider, PROVIDER_SCHEMES } from './providers.ts';
export { readSecretFile } from './secret-file.ts';
export { secretIdOf } from './secret-id.ts';
export { secretTextOf } from './secret-text.ts';
export { createSigningKey, readSigningKey } from './signing-key.ts';
