import type * as Kms from '@aws-sdk/client-kms';
import type { KMSClient } from '@aws-sdk/client-kms';
import { decodeBase64, encodeBase64, wipe } from '../../../bytes/index.ts';
import type { SharedSecret } from '../../../crypto/index.ts';
import { SealroomError } from '../../../errors/index.ts';
import { areDifferentKeys, isKeyArn, type KmsUri, parseKmsUri, printKmsUri } from './uri.ts';
import { kmsError, strangeAnswer } from './errors.ts';
import { boundBytes, changedEnvelope, type Envelope, ENVELOPE_VERSION, type SecretMetadata } from '../../envelope.ts';
import type { KeyProvider, ProviderDescription } from '../provider.ts';
import { openSealedSecret, sealSecret } from '../../sealed-secret.ts';

const SCHEME = 'aws-kms';
const ALGORITHM = 'AWS-KMS+AES-256-GCM';

/** The `purpose` in the encryption context: key policies can ask for it. */
const PURPOSE = 'sealroom collaboration secret';

const DATA_KEY_BYTES = 32;
/** Bytes of the field that says how long the encrypted data key is. */
const LENGTH_BYTES = 2;
/** What AWS KMS returns at most, in bytes. */
const MAX_CIPHERTEXT_BYTES = 6144;

/** A request with all its repetitions, the search for credentials included, takes at most so long. */
const TIMEOUT_MS = 4500;
const MAX_ATTEMPTS = 2;

/** What keeps the AWS SDK from printing that it will need a newer Node; `sealroom key doctor` says it. */
const QUIET_VARIABLE = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED';

/**
 * Envelope encryption with AWS KMS: a fresh data key per envelope, encrypted under a KMS key with the encryption context
 * `{collaborationId, purpose}`, and with it the secret under AES-256-GCM, with `boundBytes` as additional data.
 *
 * `wrapped = length of the encrypted data key (2, big-endian) ‖ encrypted data key ‖ nonce (12) ‖ ciphertext ‖ tag (16)`
 *
 * The `key` of its envelopes names the key by its ARN, also if it was given as an alias. Credentials, region and profile are found
 * as the AWS SDK finds them, in its files and this process's environment. Whoever may call kms:Decrypt on the key can open the
 * envelopes.
 *
 * What it does not promise: the AWS SDK holds the data key in a string for a while, which cannot be wiped.
 *
 * @param rest `<key id, ARN or alias>`, if need be with `?region=&profile=&endpoint=`
 * @throws {SealroomError} USAGE_OPTION if it is not of that form.
 */
export function openAwsKmsProvider(rest: string): KeyProvider {
  return new AwsKmsProvider(parseKmsUri(rest));
}

class AwsKmsProvider implements KeyProvider {
  readonly scheme = SCHEME;
  readonly #uri: KmsUri;
  #client: KMSClient | null = null;

  constructor(uri: KmsUri) {
    this.#uri = uri;
  }

  async wrap(secret: SharedSecret, facts: SecretMetadata): Promise<Envelope> {
    const { KeyId, Plaintext, CiphertextBlob } = await this.#ask(({ GenerateDataKeyCommand }, client, options) =>
      client.send(
        new GenerateDataKeyCommand({
          KeyId: this.#uri.keyId,
          KeySpec: 'AES_256',
          EncryptionContext: encryptionContext(facts),
        }),
        options,
      ),
    );
    try {
      if (KeyId === undefined || !isKeyArn(KeyId)) throw strangeAnswer();
      if (Plaintext?.length !== DATA_KEY_BYTES) throw strangeAnswer();
      if (CiphertextBlob === undefined || CiphertextBlob.length > MAX_CIPHERTEXT_BYTES) throw strangeAnswer();
      const key = printKmsUri({ ...this.#uri, keyId: KeyId });
      const header = { version: ENVELOPE_VERSION, provider: SCHEME, key, algorithm: ALGORITHM, ...facts } as const;
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeUInt16BE(CiphertextBlob.length);
      const sealed = sealSecret(Plaintext, secret, boundBytes(header));
      return Object.freeze({ ...header, wrapped: encodeBase64(Buffer.concat([length, CiphertextBlob, sealed])) });
    } finally {
      if (Plaintext !== undefined) wipe(Plaintext);
    }
  }

  async unwrap(envelope: Envelope): Promise<SharedSecret | null> {
    if (envelope.provider !== SCHEME) return null;
    const { keyId } = uriOf(envelope);
    if (areDifferentKeys(keyId, this.#uri.keyId)) return null;
    const { dataKey, sealed } = takeApart(envelope);
    const answer = await this.#ask(async ({ DecryptCommand, IncorrectKeyException }, client, options) => {
      try {
        const command = new DecryptCommand({
          KeyId: this.#uri.keyId,
          CiphertextBlob: dataKey,
          EncryptionContext: encryptionContext(envelope),
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
      return openSealedSecret(Plaintext, sealed, boundBytes(envelope));
    } finally {
      if (Plaintext !== undefined) wipe(Plaintext);
    }
  }

  async describe(): Promise<ProviderDescription> {
    const facts = {
      provider: SCHEME,
      key: printKmsUri(this.#uri),
      custody: 'a key in AWS KMS, which it does not leave',
      isInsecure: false,
    };
    try {
      return { ...facts, problem: await this.#problem() };
    } catch (error) {
      if (error instanceof SealroomError) return { ...facts, problem: error.message };
      throw error;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#client?.destroy();
    return Promise.resolve();
  }

  async #problem(): Promise<string | null> {
    const { KeyMetadata: key } = await this.#ask(({ DescribeKeyCommand }, client, options) =>
      client.send(new DescribeKeyCommand({ KeyId: this.#uri.keyId }), options),
    );
    if (key?.KeySpec !== 'SYMMETRIC_DEFAULT') return 'expected a symmetric key for encryption, got another kind of key';
    return key.KeyState === 'Enabled' ? null : `expected an enabled key, got one in the state ${String(key.KeyState)}`;
  }

  /** Asks AWS KMS, for so long at most. */
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
        reject(new SealroomError('CUSTODY_UNAVAILABLE', `AWS KMS expected to answer within ${String(TIMEOUT_MS)} ms`));
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

async function loadSdk(): Promise<typeof Kms> {
  try {
    return await import('@aws-sdk/client-kms');
  } catch {
    throw new SealroomError('CUSTODY_UNAVAILABLE', 'the package for AWS KMS is not installed', {
      hint: 'run `npm install @aws-sdk/client-kms` where sealroom is installed',
    });
  }
}

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

function encryptionContext({ collaborationId }: Pick<SecretMetadata, 'collaborationId'>): Record<string, string> {
  return { collaborationId, purpose: PURPOSE };
}

function uriOf({ key }: Envelope): KmsUri {
  try {
    if (key.startsWith(`${SCHEME}:`)) return parseKmsUri(key.slice(SCHEME.length + 1));
  } catch (error) {
    if (!(error instanceof SealroomError)) throw error;
  }
  throw changedEnvelope();
}

function takeApart({ wrapped, algorithm }: Envelope): { readonly dataKey: Uint8Array; readonly sealed: Uint8Array } {
  const bytes = decodeBase64(wrapped);
  if (bytes === null || bytes.length < LENGTH_BYTES || algorithm !== ALGORITHM) throw changedEnvelope();
  const end = LENGTH_BYTES + Buffer.from(bytes).readUInt16BE();
  if (bytes.length < end) throw changedEnvelope();
  return { dataKey: bytes.subarray(LENGTH_BYTES, end), sealed: bytes.subarray(end) };
}
