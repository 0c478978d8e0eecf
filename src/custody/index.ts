/** Where the shared secret and other secret keys come from. */
export { readSecretFromEnvironment, SECRET_FILE_VARIABLE, SECRET_VARIABLE } from './environment.ts';
export { requireFips } from './fips.ts';
export { readSecretFile } from './secret-file.ts';
export { createSigningKey, readSigningKey } from './signing-key.ts';
