import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { SealroomError } from '../../errors/index.ts';
import { readPrivateFile, readTextFile, writePrivateFile } from '../../files/index.ts';
import { type CertifiedKey, issueCertificate, makeAuthority, parseHostName } from '../../certificates/index.ts';

/** The files of an authority, and of what it vouches for. */
const FILES = {
  authority: { key: 'ca-key.pem', cert: 'ca.pem' },
  server: { key: 'key.pem', cert: 'cert.pem' },
} as const;

/** Which certificate to make, and where. */
export interface CertificateOrder {
  /** Absolute path of the directory with the authority, and with what it makes. */
  readonly directory: string;
  /** Names and addresses of servers. */
  readonly names: readonly string[];
  readonly now: () => Date;
  /** Whether files that are there are replaced. */
  readonly overwrite: boolean;
}

/** The files of a key and its certificate. */
export interface WrittenCertificate {
  readonly keyFile: string;
  readonly certFile: string;
  readonly expires: Date;
}

/**
 * Makes an authority for the servers of a closed network. It can vouch for no names but these, and those below them.
 *
 * @throws {SealroomError} USAGE_OPTION if a name is none; IO_EXISTS, IO_WRITE.
 */
export async function createAuthority(order: CertificateOrder): Promise<WrittenCertificate> {
  return write(order, 'authority', makeAuthority(order.names.map(parseHostName), order.now()));
}

/**
 * Makes a key for a server, and has the authority vouch for it.
 *
 * @throws {SealroomError} USAGE_OPTION if a name is none, or the authority is not allowed to vouch for it, or expires too soon;
 *   SECRET_INVALID if its key cannot be read; IO_READ, IO_EXISTS, IO_WRITE.
 */
export async function createServerCertificate(order: CertificateOrder): Promise<WrittenCertificate> {
  const { directory, names, now } = order;
  const hint = 'make an authority with `sealroom room ca init`';
  const keyFile = join(directory, FILES.authority.key);
  const key = parseKey(await readPrivateFile(keyFile, { what: 'key of the authority', hint }), keyFile);
  const cert = parseCertificate(await readTextFile(join(directory, FILES.authority.cert)));
  return write(order, 'server', issueCertificate({ key, cert }, names.map(parseHostName), now()));
}

function parseKey(pem: Buffer, file: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    // What the parser says may quote the file.
    throw new SealroomError('SECRET_INVALID', 'not a private key in PEM', { where: { file } });
  } finally {
    pem.fill(0);
  }
}

function parseCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new SealroomError('USAGE_OPTION', '`ca.pem` is not a certificate in PEM', { cause: error });
  }
}

async function write(
  { directory, overwrite }: CertificateOrder,
  kind: keyof typeof FILES,
  { key, cert }: CertifiedKey,
): Promise<WrittenCertificate> {
  const [keyFile, certFile] = [join(directory, FILES[kind].key), join(directory, FILES[kind].cert)];
  await writePrivateFile(keyFile, key, { replaces: overwrite });
  await writePrivateFile(certFile, cert, { replaces: overwrite });
  return { keyFile, certFile, expires: new Date(new X509Certificate(cert).validTo) };
}
