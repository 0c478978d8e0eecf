/** Ed25519 keys as texts, and signatures over typed statements. No I/O. */
export { printPublicKey, PUBLIC_KEY_PATTERN, SIGNATURE_PATTERN, signStatement, verifyStatement } from './statement.ts';
