/** Where the shared secret and signing keys come from. */
export { readSecretFromEnvironment, SECRET_FILE_VARIABLE, SECRET_VARIABLE } from './environment.ts';
export { createSigningKey, readSigningKey } from './signing-key.ts';
