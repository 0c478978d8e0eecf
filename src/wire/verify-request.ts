import {
  type Dictionary,
  type InnerList,
  isInnerList,
  type Item,
  parseDictionary,
  serializeDictionary,
} from 'structured-headers';
import { SealroomError } from '../errors/index.ts';
import type { VerifySignature } from '../platform/index.ts';
import { PUBLIC_KEY_PATTERN } from '../signing/index.ts';
import { parseDigest } from './content-digest.ts';
import {
  ALGORITHM,
  coveredComponents,
  malformedRequest,
  MAX_AGE_SECONDS,
  MAX_AHEAD_SECONDS,
  NONCE_PATTERN,
  PARAMETER_NAMES,
  printProfileParams,
  type ProfileParameters,
  readKnownHeaders,
  type RequestHead,
  SIGNATURE_LABEL,
  TAG,
} from './profile.ts';
import { SeenNonces } from './seen-nonces.ts';
import { encodeSignatureBase } from './signature-base.ts';

/** Most characters of `Signature-Input` and `Signature` together. */
const MAX_SIGNATURE_CHARACTERS = 4096;

const SIGNATURE_BYTES = 64;

/** What a verifier needs. */
export interface VerifierOptions {
  /** Of the room, as `parseOrigin` returns it. */
  readonly origin: string;
  readonly now: () => Date;
  /** The verifier of a key that the manifest in force has, by its text there; `null` if it has no such key. */
  readonly findKey: (keyId: string) => VerifySignature | null;
}

/** Who sent a request. */
export interface VerifiedRequest {
  /** The key that signed it, as the manifest has it: `ed25519:…`. */
  readonly keyId: string;
  /** SHA-256 of the body that was signed, to be compared with the body by `requireDigest`; `null` if it has none. */
  readonly digest: Uint8Array | null;
}

/**
 * Verifies requests by the one profile that rooms accept. What is covered follows from the request; nothing of it is read before its
 * signature holds, and each signature counts once.
 */
export class RequestVerifier {
  readonly #options: VerifierOptions;
  readonly #seen: SeenNonces;

  /** Makes a verifier that refuses every request from before it was made. */
  constructor(options: VerifierOptions) {
    this.#options = options;
    this.#seen = new SeenNonces(options.now());
  }

  /**
   * Verifies the head of a request.
   *
   * @param hasBody whether a body follows; without `Content-Digest` it is not covered
   * @throws {SealroomError} AUTH_MISSING without a signature; AUTH_MALFORMED if it is not of the profile's form; AUTH_COVERAGE
   *   if it covers something else; AUTH_PARAMETERS for other parameters; AUTH_DIGEST for a malformed digest; AUTH_CLOCK if it
   *   is too old or from the future; AUTH_STALE if it is from before the start; AUTH_KEY if nobody has the key; AUTH_SIGNATURE
   *   if it is not valid; AUTH_REPLAY and AUTH_BUSY for its nonce.
   */
  verify(request: RequestHead, hasBody: boolean): VerifiedRequest {
    const { origin, now, findKey } = this.#options;
    const headers = readKnownHeaders(request);
    const { list, signature } = readSignature(headers.get('signature-input'), headers.get('signature'));
    const components = coveredComponents(request, origin, headers);
    requireCovered(
      list.components,
      components.map(({ name }) => name),
    );
    const digestText = headers.get('content-digest');
    if (hasBody && digestText === undefined) throw notCovered('a request with a body needs `Content-Digest`');
    const parameters = readParameters(list.parameters);
    const { created, nonce, keyId } = parameters;
    const digest = digestText === undefined ? null : parseDigest(digestText);
    const time = now();
    requireTime(created, time);
    if (this.#seen.isForgotten(created, time)) throw stale();
    const verify = findKey(keyId);
    if (verify === null) {
      throw new SealroomError('AUTH_KEY', 'the key that signed the request is not in the manifest', {
        hint: 'sign with the key that the manifest has for you',
      });
    }
    const base = encodeSignatureBase(components, printProfileParams(components, parameters));
    if (!verify(base, signature)) {
      throw new SealroomError('AUTH_SIGNATURE', 'the signature of the request is not valid', {
        hint: 'the request was changed after it was signed, or signed for another address than the room has',
      });
    }
    this.#seen.take(keyId, nonce, created);
    return { keyId, digest };
  }
}

/** A signature as it was sent. */
interface SentSignature {
  readonly list: {
    readonly components: readonly string[];
    readonly parameters: ReadonlyMap<string, unknown>;
  };
  readonly signature: Uint8Array;
}

function readSignature(input: string | undefined, signature: string | undefined): SentSignature {
  if (input === undefined || signature === undefined) {
    throw new SealroomError('AUTH_MISSING', 'the request is not signed', {
      hint: 'requests to a room have `Signature-Input` and `Signature`, made with a key of the manifest',
    });
  }
  if (input.length + signature.length > MAX_SIGNATURE_CHARACTERS) {
    throw malformedRequest(`a signature has at most ${MAX_SIGNATURE_CHARACTERS.toLocaleString('en')} characters`);
  }
  const list = readMember('Signature-Input', input);
  const [value, { size }]: readonly [unknown, ReadonlyMap<string, unknown>] = readMember('Signature', signature);
  if (!isInnerList(list)) throw malformedRequest('`Signature-Input` is not a list of components');
  if (!(value instanceof ArrayBuffer) || value.byteLength !== SIGNATURE_BYTES || size > 0) {
    throw malformedRequest('`Signature` is not 64 bytes in Base64, and nothing else');
  }
  const components = list[0].map(([name, parameters]) => {
    if (typeof name !== 'string') throw malformedRequest('a component in `Signature-Input` is not a string');
    if (parameters.size > 0) throw notCovered('no component may have parameters');
    return name;
  });
  return { list: { components, parameters: list[1] }, signature: new Uint8Array(value) };
}

/** The one member of a header, whose text must have the one spelling that it is printed with. */
function readMember(header: string, text: string): Item | InnerList {
  const dictionary = parseField(text);
  const member = dictionary?.get(SIGNATURE_LABEL);
  if (dictionary === null || member === undefined || dictionary.size !== 1) {
    throw malformedRequest(`\`${header}\` is not one signature with the label \`${SIGNATURE_LABEL}\``);
  }
  if (serializeDictionary(dictionary) !== text)
    throw malformedRequest(`\`${header}\` is not in its canonical spelling`);
  return member;
}

function parseField(text: string): Dictionary | null {
  try {
    return parseDictionary(text);
  } catch {
    // The parser's message says where, in a text that may not be repeated.
    return null;
  }
}

function requireCovered(given: readonly string[], expected: readonly string[]): void {
  if (given.length === expected.length && given.every((name, index) => name === expected[index])) return;
  throw notCovered(`the signature must cover ${expected.map((name) => `\`${name}\``).join(', ')}, in this order`);
}

function notCovered(message: string): SealroomError {
  return new SealroomError('AUTH_COVERAGE', message);
}

function readParameters(parameters: ReadonlyMap<string, unknown>): ProfileParameters {
  const names = [...parameters.keys()];
  const [created, nonce, keyId] = PARAMETER_NAMES.map((name) => parameters.get(name));
  const isComplete = names.length === PARAMETER_NAMES.length && PARAMETER_NAMES.every((name, at) => name === names[at]);
  if (!isComplete || parameters.get('alg') !== ALGORITHM || parameters.get('tag') !== TAG) {
    throw wrongParameters(
      `expected ${PARAMETER_NAMES.map((name) => `\`${name}\``).join(', ')} in this order, with \`alg="${ALGORITHM}"\` and \`tag="${TAG}"\``,
    );
  }
  if (typeof created !== 'number' || !Number.isInteger(created) || created < 0) {
    throw wrongParameters('`created` is not a time in whole seconds');
  }
  if (typeof nonce !== 'string' || !NONCE_PATTERN.test(nonce)) {
    throw wrongParameters('`nonce` is not 22 to 64 characters of Base64');
  }
  if (typeof keyId !== 'string' || !PUBLIC_KEY_PATTERN.test(keyId)) {
    throw wrongParameters('`keyid` is not a key as manifests write it, `ed25519:` and 32 bytes in Base64');
  }
  return { created, nonce, keyId };
}

function wrongParameters(message: string): SealroomError {
  return new SealroomError('AUTH_PARAMETERS', message);
}

function requireTime(created: number, now: Date): void {
  const ageSeconds = now.getTime() / 1000 - created;
  if (ageSeconds >= -MAX_AHEAD_SECONDS && ageSeconds <= MAX_AGE_SECONDS) return;
  const place = ageSeconds < 0 ? 'ahead of' : 'behind';
  throw new SealroomError('AUTH_CLOCK', `the clock of who signed is ${place} that of the room`, {
    hint: `a request may be ${String(MAX_AHEAD_SECONDS)} s ahead and ${String(MAX_AGE_SECONDS)} s old`,
  });
}

function stale(): SealroomError {
  return new SealroomError('AUTH_STALE', 'the request was made before the room started', {
    hint: 'sign it again; if that does not help, set the clock right',
  });
}
