import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { SealroomError } from '../errors/index.ts';
import { readPrivateFile, readTextFile, stampFiles } from '../files/index.ts';
import type { Log } from './log.ts';

/** The certificate of a room, and whom it lets in. */
export interface TlsOptions {
  /** Absolute path of the private key, in PEM, which only its owner may read. */
  readonly keyFile: string;
  /** Absolute path of the certificate in PEM, followed by those between it and its root. */
  readonly certFile: string;
  /** Whether clients are refused that cannot agree on a key with {@link HYBRID_GROUP}. */
  readonly isPqOnly: boolean;
}

/** A certificate as it was read. */
export interface ServerCertificate {
  /** All that a secure context is made of: what is left out when a server gets another one falls back to a default. */
  readonly context: SecureContextOptions;
  readonly expires: Date;
}

/** ML-KEM-768 and X25519, both of which have to be broken. */
const HYBRID_GROUP = 'X25519MLKEM768';

const CLASSIC_GROUP = 'X25519';

/** Whether this runtime has {@link HYBRID_GROUP}: that is OpenSSL 3.5, which Node has from 22.20 and 24.5 on. */
export function hasHybridGroup(openssl: string = process.versions.openssl): boolean {
  const [major = 0, minor = 0] = openssl.split('.').map((part) => Number.parseInt(part, 10));
  return major > 3 || (major === 3 && minor >= 5);
}

/** The groups that a server agrees on keys with, the best first. */
function groupsOf({ isPqOnly }: TlsOptions): string {
  if (!hasHybridGroup()) {
    if (!isPqOnly) return CLASSIC_GROUP;
    throw new SealroomError(
      'USAGE_OPTION',
      `this runtime does not have ${HYBRID_GROUP}, without which nobody is let in`,
      {
        hint: `use a release of Node with OpenSSL 3.5; this one has ${process.versions.openssl}`,
      },
    );
  }
  return isPqOnly ? HYBRID_GROUP : `${HYBRID_GROUP}:${CLASSIC_GROUP}`;
}

/**
 * Reads the certificate of a server and its key.
 *
 * @throws {SealroomError} SECRET_INVALID if the key cannot be read, is open to others, or is not that of the certificate; IO_READ if
 *   the certificate cannot be read; USAGE_OPTION if it is not one, or if {@link TlsOptions.isPqOnly} asks for what this runtime lacks.
 */
async function readCertificate(tls: TlsOptions): Promise<ServerCertificate> {
  const ecdhCurve = groupsOf(tls);
  const hint = 'name a private key in PEM without a passphrase';
  const pem = await readPrivateFile(tls.keyFile, { what: 'key of the certificate', hint });
  const cert = await readTextFile(tls.certFile);
  const certificate = parseCertificate(cert, tls.certFile);
  if (!certificate.checkPrivateKey(parseKey(pem, tls.keyFile))) {
    throw new SealroomError('SECRET_INVALID', 'the key is not that of the certificate', {
      where: { file: tls.keyFile },
      hint: 'a certificate and its key are made together; replace both',
    });
  }
  const context: SecureContextOptions = { key: pem, cert, minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3', ecdhCurve };
  createSecureContext(context);
  return { context, expires: new Date(certificate.validTo) };
}

function parseCertificate(pem: string, file: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new SealroomError('USAGE_OPTION', 'not a certificate in PEM', { where: { file }, cause: error });
  }
}

function parseKey(pem: Buffer, file: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    // What the parser says may quote the file.
    throw new SealroomError('SECRET_INVALID', 'not a private key in PEM without a passphrase', { where: { file } });
  }
}

/** What changes when a file is replaced, or a link to it leads elsewhere; `null` if one is missing. */
async function stampOf({ keyFile, certFile }: TlsOptions): Promise<string | null> {
  const paths = await Promise.all([keyFile, certFile].map((file) => realpath(file))).catch(() => null);
  return paths === null ? null : stampFiles(paths);
}

/** What a {@link CertificateWatch} is made of. */
export interface WatchOptions {
  readonly tls: TlsOptions;
  /** How often the files are looked at. */
  readonly intervalMs: number;
  /** Called with each certificate that was read and fits its key, but for the first. */
  readonly apply: (certificate: ServerCertificate) => void;
  readonly log: Log;
}

/** Reads a certificate again whenever its files change. */
export class CertificateWatch implements Disposable {
  readonly #options: WatchOptions;
  readonly #timer: NodeJS.Timeout;
  #stamp: string | null;

  private constructor(options: WatchOptions, stamp: string | null) {
    this.#options = options;
    this.#stamp = stamp;
    this.#timer = setInterval(() => {
      this.#look().catch(() => undefined);
    }, options.intervalMs).unref();
  }

  /**
   * Reads a certificate, and watches its files from then on.
   *
   * @throws {SealroomError} as {@link readCertificate}.
   */
  static async start(
    options: WatchOptions,
  ): Promise<{ readonly watch: CertificateWatch; readonly certificate: ServerCertificate }> {
    const stamp = await stampOf(options.tls);
    const certificate = await readCertificate(options.tls);
    return { watch: new CertificateWatch(options, stamp), certificate };
  }

  /** Reads the files. If they do not fit together that is logged, and nothing changes. */
  async reload(): Promise<void> {
    const { tls, apply, log } = this.#options;
    this.#stamp = await stampOf(tls);
    try {
      const certificate = await readCertificate(tls);
      apply(certificate);
      log({ level: 'info', event: 'certificate', expires: certificate.expires.toISOString() });
    } catch (error) {
      log({ level: 'error', event: 'certificate-refused', code: error instanceof SealroomError ? error.code : null });
    }
  }

  async #look(): Promise<void> {
    if ((await stampOf(this.#options.tls)) !== this.#stamp) await this.reload();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
