/** age files (https://age-encryption.org/v1): keys, encryption and decryption. No I/O. */
export { isAgeFile, listStanzas, openAge, sealAge } from './file.ts';
export { generateIdentity, parseIdentities, printIdentityFile, recipientOf } from './identity.ts';
export { type AgeKind, isAgeKind, kindOfRecipient, requireOneKind, toAgeRecipient } from './recipient.ts';
