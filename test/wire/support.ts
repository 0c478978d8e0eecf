import { generateKeyPairSync } from 'node:crypto';
import { serializeDictionary } from 'structured-headers';
import { decodeBase64, encodeBase64 } from '#src/bytes/index';
import { publicKeyOf, randomBytes, signatureVerifier, type SigningKey, signMessage } from '#src/platform/index';
import { printPublicKey } from '#src/signing/index';
import { type RequestHead, RequestVerifier } from '#src/wire/index';
import { type Component, encodeSignatureBase, printSignatureParams } from '#src/wire/signature-base';

export const ORIGIN = 'https://room.example';

/** The time of the requests in these tests: long after the verifier was made. */
export const NOW = new Date('2026-11-30T12:00:00.000Z');

/** When the verifiers of these tests were made. */
export const START = new Date(NOW.getTime() - 600_000);

export const KEY: SigningKey = generateKeyPairSync('ed25519').privateKey;

/** A verifier that was made at {@link START} and knows the keys; its clock can be set. */
export function makeVerifier(
  keys: readonly SigningKey[] = [KEY],
  start = START,
): { readonly verifier: RequestVerifier; readonly clock: { now: Date } } {
  const clock = { now: start };
  const known = new Map(keys.map((key) => [printPublicKey(key), signatureVerifier(publicKeyOf(key))]));
  const options = { origin: ORIGIN, now: () => clock.now, findKey: (keyId: string) => known.get(keyId) ?? null };
  const verifier = new RequestVerifier(options);
  clock.now = NOW;
  return { verifier, clock };
}

/** Parameters as the profile has them. */
export function parametersOf(key: SigningKey, now = NOW): readonly (readonly [string, string | number])[] {
  return [
    ['created', Math.floor(now.getTime() / 1000)],
    ['nonce', encodeBase64(randomBytes(18))],
    ['keyid', printPublicKey(key)],
    ['alg', 'ed25519'],
    ['tag', 'sealroom-v1'],
  ];
}

/** Signs whatever it is told to, in whatever order, as somebody does who has a key and does not keep to the profile. */
export function signAnything(
  components: readonly Component[],
  parameters: readonly (readonly [string, string | number])[],
  key = KEY,
): readonly (readonly [string, string])[] {
  const params = printSignatureParams(
    components.map(({ name }) => name),
    parameters,
  );
  const signature = signMessage(key, encodeSignatureBase(components, params));
  return [
    ['signature-input', `sig=${params}`],
    ['signature', serializeDictionary(new Map([['sig', [signature, new Map()]]]))],
  ];
}

/** A request with more headers. */
export function withHeaders(request: RequestHead, headers: Iterable<readonly [string, string]>): RequestHead {
  return { ...request, headers: [...request.headers, ...headers] };
}

/** Bytes of Base64 that is right. */
export function bytesOf(base64: string): Uint8Array {
  const bytes = decodeBase64(base64);
  if (bytes === null) throw new Error('not Base64');
  return bytes;
}
