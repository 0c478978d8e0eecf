/** age files: who can open them, sealing and opening. The format is that of https://age-encryption.org/v1. No I/O. */
export { parseIdentities, recipientOf } from './identity.ts';
export { isAgeFile, openAge, sealAge } from './file.ts';
export { requireOneKind, toAgeRecipient } from './recipient.ts';
