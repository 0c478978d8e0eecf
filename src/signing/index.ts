/** Ed25519 keys as texts, and signatures over typed statements. Needs node:crypto and nothing else of Node. */
export {
  printPublicKey,
  PUBLIC_KEY_PATTERN,
  sha256Hex,
  SIGNATURE_PATTERN,
  type SigningKey,
  signStatement,
  verifyStatement,
} from './statement.ts';
