import { createHmac, hkdfSync } from 'node:crypto';
import { decodeBase64, encodeBase64, equalConstantTime, wipe } from '../../../bytes/index.ts';
import type { SharedSecret } from '../../../crypto/index.ts';
import { SealroomError } from '../../../errors/index.ts';
import { boundBytes, changedEnvelope, type Envelope, ENVELOPE_VERSION, type SecretMetadata } from '../../envelope.ts';
import type { KeyProvider, ProviderContext, ProviderDescription } from '../provider.ts';
import { secretIdOf } from '../../secret-id.ts';

/** How the envelope of a secret that lies elsewhere, and under no key, is made. */
const ALGORITHM = 'HMAC-SHA-256';

const INFO = 'sealroom bare envelope v1';

/** Where a secret lies open. */
export interface BareSource {
  readonly scheme: string;
  /** The URI of the place. */
  readonly key: string;
  /** What the place is, in words, with its name. */
  readonly custody: string;
  /** @throws {SealroomError} SECRET_MISSING, SECRET_INVALID. */
  read(): Promise<SharedSecret>;
  /** Sees to it that the secret is there. @throws {SealroomError} SECRET_MISSING, SECRET_INVALID, IO_EXISTS, IO_WRITE. */
  put(secret: SharedSecret): Promise<void>;
}

/**
 * Insecure: the provider of secrets that are not wrapped but lie open somewhere, and the envelope only says where. Its `wrapped`
 * bytes are HMAC-SHA-256 of `boundBytes` under HKDF-SHA-256 (RFC 5869) of the secret, without salt: nobody who does not have the
 * secret can change the facts in it.
 */
export class PlaintextProvider implements KeyProvider {
  readonly scheme: string;
  readonly #source: BareSource;
  readonly #warn: ProviderContext['warn'];

  constructor(source: BareSource, { warn }: Pick<ProviderContext, 'warn'>) {
    this.scheme = source.scheme;
    this.#source = source;
    this.#warn = warn;
  }

  async wrap(secret: SharedSecret, facts: SecretMetadata): Promise<Envelope> {
    const { scheme: provider, key } = this.#source;
    this.#warnOnce();
    await this.#source.put(secret);
    const header = { version: ENVELOPE_VERSION, provider, key, algorithm: ALGORITHM, ...facts } as const;
    return Object.freeze({ ...header, wrapped: encodeBase64(tagOf(secret, header)) });
  }

  async unwrap(envelope: Envelope): Promise<SharedSecret | null> {
    if (envelope.provider !== this.scheme) return null;
    this.#warnOnce();
    const secret = await this.#source.read();
    let isIt = false;
    try {
      isIt = isSecretOf(envelope, secret);
    } finally {
      if (!isIt) secret[Symbol.dispose]();
    }
    return isIt ? secret : null;
  }

  async describe(): Promise<ProviderDescription> {
    const { scheme: provider, key, custody } = this.#source;
    const problem = await this.#source.read().then(
      (secret) => {
        secret[Symbol.dispose]();
        return null;
      },
      (error: unknown) => (error instanceof SealroomError ? error.message : 'it cannot be read'),
    );
    return Object.freeze({ provider, key, custody, isInsecure: true, problem });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #isWarned = false;

  #warnOnce(): void {
    if (this.#isWarned) return;
    this.#isWarned = true;
    this.#warn(
      `the secret itself lies open in ${this.#source.custody}; \`sealroom key wrap --to\` puts it under a key`,
    );
  }
}

/** A secret of another collaboration is no sign of tampering: it is another key. */
function isSecretOf(envelope: Envelope, secret: SharedSecret): boolean {
  if (secretIdOf(secret, envelope.collaborationId) !== envelope.secretId) return false;
  const tag = decodeBase64(envelope.wrapped);
  if (envelope.algorithm === ALGORITHM && tag !== null && equalConstantTime(tag, tagOf(secret, envelope))) return true;
  throw changedEnvelope();
}

function tagOf(secret: SharedSecret, header: Omit<Envelope, 'wrapped'>): Uint8Array {
  const key = new Uint8Array(secret.use((bytes) => hkdfSync('sha256', bytes, '', INFO, 32)));
  try {
    return createHmac('sha256', key).update(boundBytes(header)).digest();
  } finally {
    wipe(key);
  }
}
