/** Ed25519 keys as texts, and signatures over typed statements. No I/O. */
export { parseSigningKey } from './private-key.ts';
export {
  printPublicKey,
  PUBLIC_KEY_PATTERN,
  publicKeyVerifier,
  SIGNATURE_PATTERN,
  signStatement,
  verifyStatement,
} from './statement.ts';
