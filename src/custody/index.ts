/** Where the shared secret and other secret keys come from. */
export { readSecretFromEnvironment, SECRET_FILE_VARIABLE, SECRET_VARIABLE } from './environment.ts';
export { readSecretFile } from './secret-file.ts';
export { createSigningKey, readSigningKey } from './signing-key.ts';
export { HOME_VARIABLE, memberHome, type MemberHome } from './home.ts';
export { openKeyLog, type KeyLogOptions } from './audit-key-log.ts';
export type { KeyAction, KeyEvent, KeyLog } from './key-log.ts';
