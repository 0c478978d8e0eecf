import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

// A small AWS KMS that refuses: it enforces what the emulators store and ignore. Three operations of the JSON 1.1 protocol,
// https://docs.aws.amazon.com/kms/latest/APIReference/ , errors as their pages list them. It checks no signatures: the access
// key in the request says who asks.

type Action = 'GenerateDataKey' | 'Decrypt' | 'DescribeKey';

const isAction = (text: string): text is Action => ['GenerateDataKey', 'Decrypt', 'DescribeKey'].includes(text);

/** What the service does instead of answering. */
export type Fault =
  | 'hangs'
  | 'drops'
  | 'html'
  | 'half a JSON'
  | 'an empty object'
  | 'a short key'
  | 'an internal error'
  | 'throttles'
  | 'denial in XML';

export interface StrictKey {
  readonly arn: string;
  state: 'Enabled' | 'Disabled' | 'PendingDeletion';
  spec: string;
  /** Actions by access key; who is not listed may do nothing. */
  readonly policy: Map<string, ReadonlySet<Action>>;
  /** Pairs that the encryption context must have, as `kms:EncryptionContext:<key>` in a policy asks for. */
  requiredContext: Readonly<Record<string, string>>;
  /** Names that the encryption context must have, as `Null` of `kms:EncryptionContext:<key>` in a policy asks for. */
  requiredNames: readonly string[];
  readonly material: Buffer;
}

const ACCOUNT = '111122223333';
const REGION = 'eu-west-1';

class Refusal extends Error {
  readonly status: number;

  constructor(name: string, status = 400) {
    super(name);
    this.name = name;
    this.status = status;
  }
}

interface Body {
  readonly KeyId?: string;
  readonly EncryptionContext?: Readonly<Record<string, string>>;
  readonly CiphertextBlob?: string;
}

export class StrictKms implements AsyncDisposable {
  readonly #server: Server;
  readonly #keys = new Map<string, StrictKey>();
  readonly #aliases = new Map<string, string>();
  fault: Fault | null = null;
  /** `action` of each request, in order. */
  readonly requests: string[] = [];
  readonly contexts: unknown[] = [];

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<StrictKms> {
    const server = createServer();
    const kms = new StrictKms(server);
    server.on('request', (request, response) => {
      kms
        .#answer(request, response)
        .catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return kms;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  /** @param made a key that was made before; without it a new one */
  createKey(accessKey = 'member', made: Pick<StrictKey, 'arn' | 'material'> | null = null): StrictKey {
    const arn = made?.arn ?? `arn:aws:kms:${REGION}:${ACCOUNT}:key/${randomUUID()}`;
    const key: StrictKey = {
      arn,
      state: 'Enabled',
      spec: 'SYMMETRIC_DEFAULT',
      policy: new Map([[accessKey, new Set<Action>(['GenerateDataKey', 'Decrypt', 'DescribeKey'])]]),
      requiredContext: {},
      requiredNames: [],
      material: made?.material ?? randomBytes(32),
    };
    this.#keys.set(arn, key);
    return key;
  }

  setAlias(name: string, key: StrictKey): void {
    this.#aliases.set(name, key.arn);
  }

  /** A data key that was made before, with an encryption context of choice. */
  makeDataKey(key: StrictKey, context: Readonly<Record<string, string>>): { plain: Buffer; encrypted: Buffer } {
    const plain = randomBytes(32);
    return { plain, encrypted: encrypt(key, plain, { EncryptionContext: context }) };
  }

  /** The URI of a key here. */
  uri(key: string): string {
    return `${key}?region=${REGION}&endpoint=${encodeURIComponent(this.endpoint)}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Uint8Array[] = [];
    for await (const part of request as AsyncIterable<Uint8Array>) parts.push(part);
    const action = String(request.headers['x-amz-target']).replace('TrentService.', '');
    this.requests.push(action);
    if (this.fault !== null) {
      misbehave(this.fault, response);
      return;
    }
    try {
      const who = /Credential=([^/]+)\//.exec(request.headers.authorization ?? '')?.[1] ?? '';
      const body = JSON.parse(Buffer.concat(parts).toString('utf8')) as Body;
      this.contexts.push(body.EncryptionContext);
      send(response, 200, JSON.stringify(this.#do(action, who, body)));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      send(response, error.status, JSON.stringify({ __type: error.name, message: `refused for ${action}` }));
    }
  }

  #do(action: string, who: string, body: Body): unknown {
    if (!isAction(action)) throw new Refusal('UnknownOperationException');
    const key = this.#find(body.KeyId ?? '');
    if (key.policy.get(who)?.has(action) !== true) throw new Refusal('AccessDeniedException');
    if (action === 'DescribeKey') return { KeyMetadata: { KeyId: key.arn, KeyState: key.state, KeySpec: key.spec } };
    for (const [name, value] of Object.entries(key.requiredContext)) {
      if (body.EncryptionContext?.[name] !== value) throw new Refusal('AccessDeniedException');
    }
    for (const name of key.requiredNames) {
      if (body.EncryptionContext?.[name] === undefined) throw new Refusal('AccessDeniedException');
    }
    if (key.state === 'Disabled') throw new Refusal('DisabledException');
    if (key.state === 'PendingDeletion') throw new Refusal('KMSInvalidStateException');
    if (key.spec !== 'SYMMETRIC_DEFAULT') throw new Refusal('InvalidKeyUsageException');
    if (action === 'Decrypt') {
      return { KeyId: key.arn, Plaintext: decrypt(key, body).toString('base64') };
    }
    const plain = randomBytes(32);
    return {
      KeyId: key.arn,
      Plaintext: plain.toString('base64'),
      CiphertextBlob: encrypt(key, plain, body).toString('base64'),
    };
  }

  #find(name: string): StrictKey {
    const alias = name.replace(`arn:aws:kms:${REGION}:${ACCOUNT}:`, '');
    const arn =
      this.#aliases.get(alias) ?? (name.startsWith('arn:') ? name : `arn:aws:kms:${REGION}:${ACCOUNT}:key/${name}`);
    const key = this.#keys.get(arn);
    if (key === undefined) throw new Refusal('NotFoundException');
    return key;
  }
}

const contextBytes = ({ EncryptionContext = {} }: Body): Buffer =>
  Buffer.from(JSON.stringify(Object.entries(EncryptionContext).sort()));

// Its own layout, which no client may look into: the key's ARN (75 bytes), nonce, ciphertext, tag.
function encrypt(key: StrictKey, plain: Uint8Array, body: Body): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key.material, nonce).setAAD(contextBytes(body));
  return Buffer.concat([Buffer.from(key.arn), nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(key: StrictKey, body: Body): Buffer {
  const blob = Buffer.from(body.CiphertextBlob ?? '', 'base64');
  const at = key.arn.length;
  if (!blob.subarray(0, 8).equals(Buffer.from('arn:aws:')) || blob.length !== at + 60) {
    throw new Refusal('InvalidCiphertextException');
  }
  if (blob.subarray(0, at).toString() !== key.arn) throw new Refusal('IncorrectKeyException');
  try {
    const decipher = createDecipheriv('aes-256-gcm', key.material, blob.subarray(at, at + 12));
    decipher.setAAD(contextBytes(body)).setAuthTag(blob.subarray(-16));
    return Buffer.concat([decipher.update(blob.subarray(at + 12, -16)), decipher.final()]);
  } catch {
    throw new Refusal('InvalidCiphertextException');
  }
}

function send(response: ServerResponse, status: number, body: string, type = 'application/x-amz-json-1.1'): void {
  response.writeHead(status, { 'content-type': type });
  response.end(body);
}

function misbehave(fault: Fault, response: ServerResponse): void {
  switch (fault) {
    case 'hangs':
      return;
    case 'drops':
      response.destroy();
      return;
    case 'html':
      send(response, 200, '<html><body>Sign in to the network</body></html>', 'text/html');
      return;
    case 'half a JSON':
      send(response, 200, '{"Plaintext":"c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTEyMzQ=","Ciph');
      return;
    case 'an empty object':
      send(response, 200, '{}');
      return;
    case 'a short key':
      send(
        response,
        200,
        JSON.stringify({
          KeyId: `arn:aws:kms:${REGION}:${ACCOUNT}:key/${randomUUID()}`,
          Plaintext: 'AAAA',
          CiphertextBlob: 'AAAA',
        }),
      );
      return;
    case 'an internal error':
      send(response, 500, JSON.stringify({ __type: 'KMSInternalException', message: 'internal' }));
      return;
    case 'throttles':
      send(response, 400, JSON.stringify({ __type: 'ThrottlingException', message: 'slow down' }));
      return;
    case 'denial in XML':
      send(response, 403, '<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>', 'text/xml');
      return;
  }
}
