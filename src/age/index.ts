/** age files: who can open them, sealing and opening. The format is that of https://age-encryption.org/v1. No I/O. */
export { parseIdentities } from './identity.ts';
export { isAgeFile, openAge, sealAge } from './file.ts';
export { requireOneKind, toAgeRecipient } from './recipient.ts';
