import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import type * as Pkcs11 from 'pkcs11js';
import type { FoundKey, FoundToken, KeyName, TokenFailure, TokenReply, TokenRequest } from './messages.ts';
import { matchesToken, type TokenFacts } from './uri.ts';

// The process that loads a PKCS#11 module: a module is initialised once per process, may crash it, and may hang. Its calls block, so it
// does one thing at a time. Requests come over the channel to its parent, with the PIN and the secret.

/** AES-256 (NIST SP 800-38D for the mode). */
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ID_BYTES = 16;
/** Bytes for an answer of the token; none needs more. */
const OUTPUT_BYTES = 4096;

class Failed extends Error {
  readonly failure: TokenFailure;

  constructor(kind: TokenFailure['kind'], error?: unknown) {
    super(kind);
    const text = error instanceof Error ? error.message : '';
    this.failure = { kind, reason: /CKR_[A-Z0-9_]+/.exec(text)?.[0] ?? null };
  }
}

/** Runs a step of the module; a failure names the step. */
function attempt<T>(kind: TokenFailure['kind'], step: () => T): T {
  try {
    return step();
  } catch (error) {
    throw error instanceof Failed ? error : new Failed(kind, error);
  }
}

/** A session with a token. */
class Token {
  readonly #library: typeof Pkcs11;
  readonly #module: Pkcs11.PKCS11;
  readonly #slot: Pkcs11.Handle;
  readonly #session: Pkcs11.Handle;
  readonly info: FoundToken;

  constructor(modulePath: string, wanted: TokenFacts) {
    this.#library = attempt('no package', loadLibrary);
    this.#module = attempt('module', () => {
      const module = new this.#library.PKCS11();
      module.load(modulePath);
      module.C_Initialize();
      return module;
    });
    const found = attempt('module', () => this.#tokens()).filter(({ info }) => matchesToken(wanted, info.facts));
    const [token] = found;
    if (token === undefined) throw new Failed('no token');
    if (found.length > 1) throw new Failed('several tokens');
    this.#slot = token.slot;
    this.info = token.info;
    this.#session = attempt('module', () => this.#module.C_OpenSession(this.#slot, this.#library.CKF_SERIAL_SESSION));
  }

  login(pin: string): void {
    attempt('login', () => {
      this.#module.C_Login(this.#session, this.#library.CKU_USER, pin);
    });
  }

  find({ object, id }: KeyName, isMade: boolean): FoundKey {
    const found = this.#findKeys({ object, id });
    const [handle] = found;
    if (found.length > 1) throw new Failed('several keys');
    if (handle !== undefined) return this.#checked(handle);
    if (!isMade || object === undefined) throw new Failed('no key');
    return this.#checked(attempt('make key', () => this.#make(object, id ?? randomBytes(ID_BYTES).toString('hex'))));
  }

  encrypt(id: string, aad: Uint8Array, data: Uint8Array): Uint8Array {
    const key = this.#keyOfId(id);
    const nonce = randomBytes(NONCE_BYTES);
    return attempt('encrypt', () => {
      this.#module.C_EncryptInit(this.#session, this.#gcm(nonce, aad), key);
      return Buffer.concat([
        nonce,
        this.#module.C_Encrypt(this.#session, Buffer.from(data), Buffer.alloc(OUTPUT_BYTES)),
      ]);
    });
  }

  decrypt(id: string, aad: Uint8Array, data: Uint8Array): Uint8Array {
    const key = this.#keyOfId(id);
    return attempt('decrypt', () => {
      this.#module.C_DecryptInit(this.#session, this.#gcm(data.subarray(0, NONCE_BYTES), aad), key);
      const encrypted = Buffer.from(data.subarray(NONCE_BYTES));
      return this.#module.C_Decrypt(this.#session, encrypted, Buffer.alloc(OUTPUT_BYTES));
    });
  }

  #tokens(): { readonly slot: Pkcs11.Handle; readonly info: FoundToken }[] {
    return this.#module.C_GetSlotList(true).map((slot) => {
      const { label, manufacturerID, serialNumber, model, flags } = this.#module.C_GetTokenInfo(slot);
      const facts = {
        token: unpad(label),
        manufacturer: unpad(manufacturerID),
        serial: unpad(serialNumber),
        model: unpad(model),
      };
      const needsPin = (flags & this.#library.CKF_LOGIN_REQUIRED) !== 0;
      return { slot, info: { facts, needsPin, pin: this.#pinState(flags) } };
    });
  }

  #pinState(flags: number): FoundToken['pin'] {
    const states = [
      [this.#library.CKF_USER_PIN_LOCKED, 'locked'],
      [this.#library.CKF_PROTECTED_AUTHENTICATION_PATH, 'pad'],
      [this.#library.CKF_USER_PIN_FINAL_TRY, 'final try'],
      [this.#library.CKF_USER_PIN_COUNT_LOW, 'low'],
    ] as const;
    return states.find(([flag]) => (flags & flag) !== 0)?.[1] ?? 'fine';
  }

  #keyOfId(id: string): Pkcs11.Handle {
    const [handle, ...more] = this.#findKeys({ object: undefined, id });
    if (handle === undefined) throw new Failed('no key');
    if (more.length > 0) throw new Failed('several keys');
    this.#checked(handle);
    return handle;
  }

  #findKeys({ object, id }: KeyName): Pkcs11.Handle[] {
    const { CKA_CLASS, CKA_KEY_TYPE, CKA_LABEL, CKA_ID, CKO_SECRET_KEY, CKK_AES } = this.#library;
    const template: Pkcs11.Attribute[] = [
      { type: CKA_CLASS, value: CKO_SECRET_KEY },
      { type: CKA_KEY_TYPE, value: CKK_AES },
    ];
    if (object !== undefined) template.push({ type: CKA_LABEL, value: Buffer.from(object) });
    if (id !== undefined) template.push({ type: CKA_ID, value: Buffer.from(id, 'hex') });
    return attempt('other', () => {
      this.#module.C_FindObjectsInit(this.#session, template);
      try {
        return this.#module.C_FindObjects(this.#session, 2);
      } finally {
        this.#module.C_FindObjectsFinal(this.#session);
      }
    });
  }

  /** Accepts only a key that was created in the token and could never leave it. */
  #checked(handle: Pkcs11.Handle): FoundKey {
    const { CKA_SENSITIVE, CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE, CKA_LOCAL } = this.#library;
    const { CKA_EXTRACTABLE, CKA_VALUE_LEN, CKA_ID, CKA_LABEL } = this.#library;
    const read = (type: number): Buffer =>
      attempt('unsafe key', () => this.#module.C_GetAttributeValue(this.#session, handle, [{ type }]))[0]?.value ??
      Buffer.alloc(0);
    const isSet = (type: number): boolean => read(type)[0] === 1;
    const isKept = [CKA_SENSITIVE, CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE, CKA_LOCAL].every(isSet);
    if (!isKept || isSet(CKA_EXTRACTABLE) || read(CKA_VALUE_LEN)[0] !== KEY_BYTES) throw new Failed('unsafe key');
    const id = read(CKA_ID).toString('hex');
    if (id === '') throw new Failed('key without id');
    return { id, label: read(CKA_LABEL).toString('utf8') };
  }

  #make(label: string, id: string): Pkcs11.Handle {
    const library = this.#library;
    const session = this.#module.C_OpenSession(this.#slot, library.CKF_SERIAL_SESSION | library.CKF_RW_SESSION);
    try {
      return this.#module.C_GenerateKey(session, { mechanism: library.CKM_AES_KEY_GEN }, [
        { type: library.CKA_CLASS, value: library.CKO_SECRET_KEY },
        { type: library.CKA_KEY_TYPE, value: library.CKK_AES },
        { type: library.CKA_VALUE_LEN, value: KEY_BYTES },
        { type: library.CKA_LABEL, value: Buffer.from(label) },
        { type: library.CKA_ID, value: Buffer.from(id, 'hex') },
        { type: library.CKA_TOKEN, value: true },
        { type: library.CKA_PRIVATE, value: true },
        { type: library.CKA_SENSITIVE, value: true },
        { type: library.CKA_EXTRACTABLE, value: false },
        { type: library.CKA_MODIFIABLE, value: false },
        { type: library.CKA_ENCRYPT, value: true },
        { type: library.CKA_DECRYPT, value: true },
        { type: library.CKA_WRAP, value: false },
        { type: library.CKA_UNWRAP, value: false },
        { type: library.CKA_SIGN, value: false },
        { type: library.CKA_VERIFY, value: false },
      ]);
    } finally {
      this.#module.C_CloseSession(session);
    }
  }

  #gcm(nonce: Uint8Array, additionalData: Uint8Array): Pkcs11.Mechanism {
    const [iv, aad] = [Buffer.from(nonce), Buffer.from(additionalData)];
    return {
      mechanism: this.#library.CKM_AES_GCM,
      parameter: {
        type: this.#library.CK_PARAMS_AES_GCM,
        iv,
        aad,
        ivBits: iv.length * 8,
        tagBits: TAG_BYTES * 8,
      },
    };
  }
}

/** Loads a CommonJS package, which `require` also finds in NODE_PATH. */
function loadLibrary(): typeof Pkcs11 {
  const require = createRequire(import.meta.url);
  return require('pkcs11js') as typeof Pkcs11;
}

/** The standard pads with blanks, some modules with zeros. */
function unpad(text: string): string {
  return text.replace(/[ \0]+$/, '');
}

let opened: Token | null = null;

function answer(request: TokenRequest): TokenReply {
  if (request.kind === 'open') {
    opened = new Token(request.modulePath, request.token);
    return { kind: 'token', token: opened.info };
  }
  if (opened === null) throw new TypeError('a request came before `open`');
  switch (request.kind) {
    case 'login':
      opened.login(request.pin);
      return { kind: 'done' };
    case 'find':
      return { kind: 'key', key: opened.find(request.key, request.isMade) };
    case 'encrypt':
      return { kind: 'bytes', bytes: opened.encrypt(request.id, request.aad, request.data) };
    case 'decrypt':
      return { kind: 'bytes', bytes: opened.decrypt(request.id, request.aad, request.data) };
  }
}

process.on('message', (request: TokenRequest) => {
  let reply: TokenReply;
  try {
    reply = answer(request);
  } catch (error) {
    const failure = error instanceof Failed ? error.failure : { kind: 'other' as const, reason: null };
    reply = { kind: 'failed', failure };
  }
  process.send?.(reply);
});

// It would open the inspector, on whose port every user of the machine could read the PIN and the secret.
process.on('SIGUSR1', () => undefined);

// Without its parent the process has no purpose; threads of the module would keep it from ending by itself. While the module
// works, another thread watches.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
new Worker(new URL('./watch.js', import.meta.url), { workerData: process.ppid });
