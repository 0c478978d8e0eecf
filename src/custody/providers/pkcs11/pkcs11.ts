import { SealroomError, systemReason } from '../../../errors/index.ts';
import { requireTrustedPath } from '../../../files/index.ts';
import { changedEnvelope, type EnvelopeHeader, type SecretMetadata } from '../../envelope.ts';
import { readSecretFile } from '../../secret-file.ts';
import { GCM_NONCE_BYTES, GCM_TAG_BYTES } from '../aes-gcm.ts';
import type { ProviderContext, ProviderDescription } from '../provider.ts';
import type { KeySource, WrappingKey } from '../wrapping-key.ts';
import type { FoundKey, FoundToken } from './messages.ts';
import { Budget, TokenProcess } from './process.ts';
import { parsePkcs11Uri, type Pkcs11Uri, printPkcs11Uri } from './uri.ts';

const SCHEME = 'pkcs11';
const ALGORITHM = 'PKCS11+AES-256-GCM';

/**
 * A wrapping key in a hardware or software token that is reached through its PKCS#11 module: AES-256, created in the token for
 * the first secret, sensitive and not extractable, so that it never leaves the token. Any other key is refused.
 *
 * `wrapped = nonce (12) ‖ ciphertext ‖ tag (16)`, AES-GCM in the token. The nonce is random: a key may wrap 2^32 envelopes.
 * The `key` of its envelopes names the token's label and serial number, and the key's label and id.
 *
 * The module runs in a child process, which gets the secret and the PIN over a pipe and has them while it works.
 *
 * @param rest a URI of RFC 7512 without its scheme, with `module-path`
 * @throws {SealroomError} USAGE_OPTION if it is malformed.
 */
export function openPkcs11(rest: string, context: ProviderContext): KeySource {
  return new Pkcs11Token(parsePkcs11Uri(rest), context);
}

class Pkcs11Token implements KeySource {
  readonly algorithms = [ALGORITHM];
  readonly #uri: Pkcs11Uri;
  readonly #context: ProviderContext;
  #process: TokenProcess | null = null;
  #token: Promise<FoundToken> | null = null;
  /** Done once, even after a failure, because tokens count wrong PINs. */
  #login: Promise<void> | null = null;

  constructor(uri: Pkcs11Uri, context: ProviderContext) {
    this.#uri = uri;
    this.#context = context;
  }

  async lendKey<T>(_metadata: SecretMetadata, use: (key: WrappingKey) => Promise<T>): Promise<T> {
    const budget = new Budget();
    const found = await this.#findKey(budget, true);
    return use({
      name: this.#nameOf(found),
      algorithm: ALGORITHM,
      encrypt: (plain, aad) => this.#cipher('encrypt', found.key, aad, plain, budget),
    });
  }

  async decrypt(wrapped: Uint8Array, aad: Uint8Array, header: EnvelopeHeader): Promise<Uint8Array | null> {
    const made = uriOf(header);
    if (this.#uri.id !== undefined && this.#uri.id !== made.id) return null;
    if (wrapped.length < GCM_NONCE_BYTES + GCM_TAG_BYTES) throw changedEnvelope();
    const budget = new Budget();
    const found = await this.#findKey(budget, false);
    if (found.key.id !== made.id || found.token.facts.serial !== made.serial) return null;
    return this.#cipher('decrypt', found.key, aad, wrapped, budget);
  }

  async describe(): Promise<Pick<ProviderDescription, 'key' | 'custody' | 'problem'>> {
    const key = printPkcs11Uri(this.#uri);
    const custody = 'a key in a PKCS#11 token, which it does not leave';
    try {
      const budget = new Budget();
      const token = await this.#open(budget);
      if (token.needsPin && this.#login === null && this.#uri.pinFile === undefined) {
        return { key, custody: `${custody}; the token is present, and finding its key needs the PIN`, problem: null };
      }
      return { key: this.#nameOf(await this.#findKey(budget, false)), custody, problem: null };
    } catch (error) {
      if (error instanceof SealroomError) return { key, custody, problem: error.message };
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#process?.kill();
  }

  /** The URI of the key for an envelope. */
  #nameOf({ token, key }: FoundPair): string {
    const { modulePath, pinFile } = this.#uri;
    return printPkcs11Uri({
      token: token.facts.token,
      serial: token.facts.serial,
      manufacturer: undefined,
      model: undefined,
      object: key.label === '' ? undefined : key.label,
      id: key.id,
      modulePath,
      pinFile,
    });
  }

  async #findKey(budget: Budget, isMade: boolean): Promise<FoundPair> {
    const token = await this.#open(budget);
    this.#login ??= this.#enterPin(token, budget);
    await this.#login;
    const { object, id } = this.#uri;
    const reply = await this.#start().ask({ kind: 'find', key: { object, id }, isMade }, budget);
    if (reply.kind !== 'key') throw new TypeError('another answer than a key');
    return { token, key: reply.key };
  }

  async #cipher(
    kind: 'encrypt' | 'decrypt',
    { id }: FoundKey,
    aad: Uint8Array,
    data: Uint8Array,
    budget: Budget,
  ): Promise<Uint8Array> {
    const reply = await this.#start().ask({ kind, id, aad, data }, budget);
    if (reply.kind !== 'bytes') throw new TypeError('another answer than bytes');
    return reply.bytes;
  }

  #open(budget: Budget): Promise<FoundToken> {
    this.#token ??= this.#findToken(budget);
    return this.#token;
  }

  async #findToken(budget: Budget): Promise<FoundToken> {
    const modulePath = await resolveModule(this.#uri.modulePath);
    const reply = await this.#start().ask({ kind: 'open', modulePath, token: this.#uri }, budget);
    if (reply.kind !== 'token') throw new TypeError('another answer than a token');
    return reply.token;
  }

  async #enterPin({ needsPin, pin: state, facts }: FoundToken, budget: Budget): Promise<void> {
    if (!needsPin) return;
    const name = `token ${facts.token}`;
    if (state === 'locked')
      throw new SealroomError('CUSTODY_DENIED', 'the token is locked', {
        hint: 'its security officer can set a new PIN',
      });
    if (state === 'pad') throw new SealroomError('CUSTODY_DENIED', 'tokens with their own PIN pad are not supported');
    if (state === 'low') this.#context.warn(`${name}: a wrong PIN was entered recently; the token locks after a few`);
    if (state === 'final try') this.#context.warn(`${name}: this is the last try, and a wrong PIN locks the token`);
    const pin =
      this.#uri.pinFile === undefined
        ? await this.#context.askPassphrase({ what: name, isNew: false })
        : await readSecretFile(this.#uri.pinFile, 'the file must contain the PIN of the token and nothing else');
    await this.#start().ask({ kind: 'login', pin }, budget);
  }

  #start(): TokenProcess {
    this.#process ??= new TokenProcess(this.#context.env);
    return this.#process;
  }
}

interface FoundPair {
  readonly token: FoundToken;
  readonly key: FoundKey;
}

function uriOf({ key }: EnvelopeHeader): Pkcs11Uri {
  try {
    if (key.startsWith(`${SCHEME}:`)) return parsePkcs11Uri(key.slice(SCHEME.length + 1));
  } catch (error) {
    if (!(error instanceof SealroomError)) throw error;
  }
  throw changedEnvelope();
}

/**
 * Resolves the path of a module, and refuses one that other users could change or swap, with all directories and links on the way: it
 * is code that runs with the PIN and the secret in its memory.
 *
 * @returns the path without links, which is loaded: what the child process is told leads nowhere else by then
 */
async function resolveModule(file: string): Promise<string> {
  try {
    return await requireTrustedPath(file, 'CUSTODY_DENIED');
  } catch (error) {
    if (!(error instanceof SealroomError) || error.code !== 'IO_READ') throw error;
    throw new SealroomError('CUSTODY_UNAVAILABLE', `cannot load the PKCS#11 module: ${systemReason(error.cause)}`, {
      where: { file },
      hint: 'check `module-path` in the URI of the key; on Debian, SoftHSM is /usr/lib/softhsm/libsofthsm2.so',
      cause: error,
    });
  }
}
