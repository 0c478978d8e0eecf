import type * as Kms from '@aws-sdk/client-kms';
import type { KMSClient } from '@aws-sdk/client-kms';
import { loadAwsSdk } from '../../../aws/index.ts';
import { wipe } from '../../../bytes/index.ts';
import { SealroomError } from '../../../errors/index.ts';
import { sha256Hex } from '../../../platform/index.ts';
import { changedEnvelope, type EnvelopeHeader, factBytes, type SecretMetadata } from '../../envelope.ts';
import { decryptAesGcm, encryptAesGcm } from '../aes-gcm.ts';
import type { ProviderDescription } from '../provider.ts';
import type { KeySource, WrappingKey } from '../wrapping-key.ts';
import { kmsError, strangeAnswer } from './errors.ts';
import { areDifferentKeys, isKeyArn, type KmsUri, parseKmsUri, printKmsUri } from './uri.ts';

const SCHEME = 'aws-kms';
const ALGORITHM = 'AWS-KMS+AES-256-GCM+CONTEXT';

/** The algorithm of version 1, whose encryption context does not have the facts. */
const OLD_ALGORITHM = 'AWS-KMS+AES-256-GCM';

/** The `purpose` in the encryption context: key policies can ask for it. */
const PURPOSE = 'sealroom collaboration secret';

const DATA_KEY_BYTES = 32;
/** Bytes of the length field of the encrypted data key. */
const LENGTH_BYTES = 2;
/** Most bytes that AWS KMS returns. */
const MAX_CIPHERTEXT_BYTES = 6144;

/** Time limit of a request, with its retries and the search for credentials. */
const TIMEOUT_MS = 4500;
const MAX_ATTEMPTS = 2;

/** Stops the AWS SDK from printing that it will need a newer Node, which `sealroom key doctor` reports. */
const QUIET_VARIABLE = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED';

/**
 * Envelope encryption with AWS KMS: a fresh data key per envelope, encrypted under a KMS key with the encryption context
 * `{collaborationId, facts, purpose}`, and the secret encrypted under the data key with AES-256-GCM. So a policy of the key can name
 * the collaboration. `facts` is the SHA-256, in hexadecimal, of what the envelope says of its secret (`factBytes`). Who may call
 * kms:Decrypt gets the data key, and could encrypt anything with it; but AWS KMS gives it out for these facts only, and they name
 * the secret. So who may call kms:Decrypt and not kms:GenerateDataKey makes no envelope with other facts or another secret.
 *
 * `wrapped = length of the encrypted data key (2, big-endian) ‖ encrypted data key ‖ nonce (12) ‖ ciphertext ‖ tag (16)`
 *
 * The `key` of its envelopes names the key by its ARN, also if it was given as an alias. Credentials, region and profile are found
 * as the AWS SDK finds them, in its files and this process's environment. Everyone who may call kms:Decrypt on the key can
 * unwrap the envelopes.
 *
 * Limit: the AWS SDK holds the data key in a string for a while, which cannot be wiped.
 *
 * @param rest `<key id, ARN or alias>`, optionally with `?region=&profile=&endpoint=`
 * @throws {SealroomError} USAGE_OPTION if it does not have that form.
 */
export function openAwsKms(rest: string): KeySource {
  return new AwsKms(parseKmsUri(rest));
}

class AwsKms implements KeySource {
  readonly algorithms = [ALGORITHM, OLD_ALGORITHM];
  readonly #uri: KmsUri;
  #client: KMSClient | null = null;

  constructor(uri: KmsUri) {
    this.#uri = uri;
  }

  async lendKey<T>(metadata: SecretMetadata, use: (key: WrappingKey) => Promise<T>): Promise<T> {
    const { KeyId, Plaintext, CiphertextBlob } = await this.#ask(({ GenerateDataKeyCommand }, client, options) =>
      client.send(
        new GenerateDataKeyCommand({
          KeyId: this.#uri.keyId,
          KeySpec: 'AES_256',
          EncryptionContext: contextOf(metadata),
        }),
        options,
      ),
    );
    try {
      if (KeyId === undefined || !isKeyArn(KeyId)) throw strangeAnswer();
      if (Plaintext?.length !== DATA_KEY_BYTES) throw strangeAnswer();
      if (CiphertextBlob === undefined || CiphertextBlob.length > MAX_CIPHERTEXT_BYTES) throw strangeAnswer();
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeUInt16BE(CiphertextBlob.length);
      return await use({
        name: printKmsUri({ ...this.#uri, keyId: KeyId }),
        algorithm: ALGORITHM,
        encrypt: (plain, aad) =>
          Promise.resolve(Buffer.concat([length, CiphertextBlob, encryptAesGcm(Plaintext, plain, aad)])),
      });
    } finally {
      if (Plaintext !== undefined) wipe(Plaintext);
    }
  }

  async decrypt(wrapped: Uint8Array, aad: Uint8Array, header: EnvelopeHeader): Promise<Uint8Array | null> {
    const { keyId } = uriOf(header);
    if (header.algorithm !== (header.version === 1 ? OLD_ALGORITHM : ALGORITHM)) throw changedEnvelope();
    if (areDifferentKeys(keyId, this.#uri.keyId)) return null;
    const { dataKey, encrypted } = takeApart(wrapped);
    const answer = await this.#ask(async ({ DecryptCommand, IncorrectKeyException }, client, options) => {
      try {
        const command = new DecryptCommand({
          KeyId: this.#uri.keyId,
          CiphertextBlob: dataKey,
          EncryptionContext: header.version === 1 ? oldContextOf(header) : contextOf(header),
        });
        return await client.send(command, options);
      } catch (error) {
        if (error instanceof IncorrectKeyException) return null;
        throw error;
      }
    });
    if (answer === null) return null;
    const { Plaintext } = answer;
    try {
      if (Plaintext?.length !== DATA_KEY_BYTES) throw strangeAnswer();
      return decryptAesGcm(Plaintext, encrypted, aad);
    } finally {
      if (Plaintext !== undefined) wipe(Plaintext);
    }
  }

  async describe(): Promise<Pick<ProviderDescription, 'key' | 'custody' | 'problem'>> {
    const description = { key: printKmsUri(this.#uri), custody: 'a key in AWS KMS, which it does not leave' };
    try {
      return { ...description, problem: await this.#problem() };
    } catch (error) {
      if (error instanceof SealroomError) return { ...description, problem: error.message };
      throw error;
    }
  }

  close(): Promise<void> {
    this.#client?.destroy();
    return Promise.resolve();
  }

  async #problem(): Promise<string | null> {
    const { KeyMetadata: key } = await this.#ask(({ DescribeKeyCommand }, client, options) =>
      client.send(new DescribeKeyCommand({ KeyId: this.#uri.keyId }), options),
    );
    if (key?.KeySpec !== 'SYMMETRIC_DEFAULT') return 'the key is not a symmetric encryption key';
    return key.KeyState === 'Enabled' ? null : `the key is not enabled: its state is ${String(key.KeyState)}`;
  }

  /** Sends a request to AWS KMS, with the time limit. */
  async #ask<T>(
    request: (kms: typeof Kms, client: KMSClient, options: { readonly abortSignal: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    const kms = await loadSdk();
    const client = (this.#client ??= createClient(kms, this.#uri));
    const timeout = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    // The signal stops a request, but not the search for credentials before it.
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new SealroomError('CUSTODY_UNAVAILABLE', `AWS KMS did not answer within ${String(TIMEOUT_MS)} ms`));
        timeout.abort();
      }, TIMEOUT_MS);
    });
    try {
      return await Promise.race([request(kms, client, { abortSignal: timeout.signal }), late]);
    } catch (error) {
      throw error instanceof SealroomError ? error : kmsError(error);
    } finally {
      clearTimeout(timer);
    }
  }
}

const loadSdk = (): Promise<typeof Kms> =>
  loadAwsSdk('@aws-sdk/client-kms', 'CUSTODY_UNAVAILABLE', () => import('@aws-sdk/client-kms'));

function createClient({ KMSClient: Client }: typeof Kms, { region, profile, endpoint }: KmsUri): KMSClient {
  const before = process.env[QUIET_VARIABLE];
  process.env[QUIET_VARIABLE] = 'true';
  try {
    return new Client({
      customUserAgent: 'sealroom',
      maxAttempts: MAX_ATTEMPTS,
      ...(profile === undefined ? {} : { profile }),
      ...(region === undefined ? {} : { region }),
      ...(endpoint === undefined ? {} : { endpoint }),
    });
  } finally {
    if (before === undefined) Reflect.deleteProperty(process.env, QUIET_VARIABLE);
    else process.env[QUIET_VARIABLE] = before;
  }
}

function contextOf(metadata: SecretMetadata): Record<string, string> {
  return { ...oldContextOf(metadata), facts: sha256Hex(factBytes(metadata)) };
}

/** The encryption context of envelopes of version 1. */
function oldContextOf({ collaborationId }: SecretMetadata): Record<string, string> {
  return { collaborationId, purpose: PURPOSE };
}

function uriOf({ key }: EnvelopeHeader): KmsUri {
  try {
    if (key.startsWith(`${SCHEME}:`)) return parseKmsUri(key.slice(SCHEME.length + 1));
  } catch (error) {
    if (!(error instanceof SealroomError)) throw error;
  }
  throw changedEnvelope();
}

function takeApart(wrapped: Uint8Array): { readonly dataKey: Uint8Array; readonly encrypted: Uint8Array } {
  if (wrapped.length < LENGTH_BYTES) throw changedEnvelope();
  const end = LENGTH_BYTES + Buffer.from(wrapped).readUInt16BE();
  if (wrapped.length < end) throw changedEnvelope();
  return { dataKey: wrapped.subarray(LENGTH_BYTES, end), encrypted: wrapped.subarray(end) };
}
