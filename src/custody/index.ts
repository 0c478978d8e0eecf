/** Where the shared secret comes from. */
export { readSecretFromEnvironment, SECRET_FILE_VARIABLE, SECRET_VARIABLE } from './environment.ts';
