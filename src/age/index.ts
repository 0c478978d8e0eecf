/** age files: who can open them, sealing and opening. The format is that of https://age-encryption.org/v1. No I/O. */
export { isAgeFile, listStanzas, openAge, sealAge } from './file.ts';
export { generateIdentity, parseIdentities, printIdentityFile, recipientOf } from './identity.ts';
export { type AgeKind, kindOfRecipient, requireOneKind, toAgeRecipient } from './recipient.ts';
