/** Certificates for servers in closed networks, by an authority of one's own. No I/O. */
export { type CertifiedKey, issueCertificate, makeAuthority } from './certificates.ts';
export { parseHostName } from './host-name.ts';
