import { quoteForMessage, SealroomError } from '../errors/index.ts';
import { type Component, printSignatureParams } from './signature-base.ts';

/** The label of the one signature in `Signature-Input` and `Signature`. */
export const SIGNATURE_LABEL = 'sig';

/** What says that a signature is of this profile and no other. */
export const TAG = 'sealroom-v1';

/** The algorithm of all signatures, by its name in the registry of RFC 9421. */
export const ALGORITHM = 'ed25519';

/** The names of the parameters, in their order. */
export const PARAMETER_NAMES = ['created', 'nonce', 'keyid', 'alg', 'tag'] as const;

/** The values of the parameters that differ between signatures. */
export interface ProfileParameters {
  /** When it was signed, in seconds since 1970. */
  readonly created: number;
  readonly nonce: string;
  /** The key that signed, as manifests have it. */
  readonly keyId: string;
}

/** Prints what a signature covers and its parameters, in the one form that they have. */
export function printProfileParams(
  components: readonly Component[],
  { created, nonce, keyId }: ProfileParameters,
): string {
  const values = { created, nonce, keyid: keyId, alg: ALGORITHM, tag: TAG };
  return printSignatureParams(
    components.map(({ name }) => name),
    PARAMETER_NAMES.map((name) => [name, values[name]]),
  );
}

/** How far the clock of who signs may be ahead of the room's, in seconds. Since a room that starts has no nonces, it waits this long. */
export const MAX_AHEAD_SECONDS = 1;

/** How old a request may be, in seconds. */
export const MAX_AGE_SECONDS = 120;

/** 22 to 64 characters of Base64, so 16 random bytes or more. */
export const NONCE_PATTERN = /^(?=.{22,64}$)[A-Za-z0-9+/]+={0,2}$/;

/** The headers that a signature covers whenever a request has them, in the order in which it covers them. */
const COVERED_HEADERS = [
  'content-digest',
  'content-type',
  'idempotency-key',
  'upload-offset',
  'upload-complete',
  'if-match',
] as const;

/** The headers with the signature itself. */
const SIGNATURE_HEADERS = ['signature-input', 'signature'] as const;

/** The headers that decide whether a request is believed: each may be there only once. */
const KNOWN_HEADERS: readonly string[] = [...COVERED_HEADERS, ...SIGNATURE_HEADERS];

/** A request without its body. */
export interface RequestHead {
  /** As in the request line, such as `GET`. */
  readonly method: string;
  /** Path and query as in the request line, byte for byte. */
  readonly target: string;
  /** Names in any case, and values; a header that was sent twice is there twice. */
  readonly headers: Iterable<readonly [name: string, value: string]>;
}

/** The known headers of a request. */
export type KnownHeaders = ReadonlyMap<string, string>;

/** Printable ASCII without spaces at its ends. */
const FIELD_VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/** A path and query in ASCII, without a fragment. */
const TARGET = /^\/[\x21\x22\x24-\x7e]*$/;

const METHOD = /^[A-Z]{1,16}$/;

/** The error for a request that is not of the profile's form. */
export function malformedRequest(message: string): SealroomError {
  return new SealroomError('AUTH_MALFORMED', message);
}

/**
 * The headers of a request that matter to its signature.
 *
 * @throws {SealroomError} AUTH_MALFORMED if one is there twice, or has other characters than printable ASCII; or if the method or
 *   the target has another form.
 */
export function readKnownHeaders({ method, target, headers }: RequestHead): KnownHeaders {
  if (!METHOD.test(method)) throw malformedRequest('the method of the request is not one of HTTP in upper case');
  if (!TARGET.test(target)) throw malformedRequest('the target of the request must be a path, in printable ASCII');
  const found = new Map<string, string>();
  for (const [given, value] of headers) {
    const name = given.toLowerCase();
    if (!KNOWN_HEADERS.includes(name)) continue;
    if (found.has(name)) throw malformedRequest(`the header \`${name}\` is there twice`);
    if (!FIELD_VALUE.test(value))
      throw malformedRequest(`the header \`${name}\` is empty, or has other characters than ASCII`);
    found.set(name, value);
  }
  return found;
}

/**
 * What a signature of a request must cover: its method, its address, and each covered header that it has. Who verifies decides this
 * and not who signed.
 *
 * @param origin of the room, as {@link parseOrigin} returns it; it is never taken from the request
 */
export function coveredComponents(
  { method, target }: RequestHead,
  origin: string,
  headers: KnownHeaders,
): readonly Component[] {
  const present = COVERED_HEADERS.flatMap((name) => {
    const value = headers.get(name);
    return value === undefined ? [] : [{ name, value }];
  });
  return [{ name: '@method', value: method }, { name: '@target-uri', value: `${origin}${target}` }, ...present];
}

/**
 * The origin of a room from its address, such as `https://room.example`.
 *
 * @throws {SealroomError} USAGE_OPTION if it is not an `https:` address of a host, without a path or a user.
 */
export function parseOrigin(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url?.protocol === 'https:' && [url.origin, `${url.origin}/`].includes(address)) return url.origin;
  throw new SealroomError('USAGE_OPTION', `${quoteForMessage(address)} is not the address of a room`, {
    hint: 'such an address is `https://`, a host in lower case, and a port if it is not 443; nothing else',
  });
}
