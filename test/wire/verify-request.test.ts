import fc from 'fast-check';
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { encodeUtf8 } from '#src/bytes/index';
import { contentDigest, parseOrigin, type RequestHead, signRequest } from '#src/wire/index';
import { runs } from '../support/runs.ts';
import { errorOf } from '../tabular/support.ts';
import { KEY, makeVerifier, NOW, ORIGIN, parametersOf, signAnything, START, withHeaders } from './support.ts';

const HEADERS = [
  ['Content-Type', 'application/json'],
  ['Content-Digest', contentDigest(encodeUtf8('{"sql": "SELECT 1"}'))],
  ['Idempotency-Key', '0d3a6f7e-6f1c-4a52-9d35-3a1f4f5c8f10'],
] as const;

const REQUEST: RequestHead = { method: 'POST', target: '/v1/queries?a=1', headers: HEADERS };

const COMPONENTS = [
  { name: '@method', value: 'POST' },
  { name: '@target-uri', value: 'https://room.example/v1/queries?a=1' },
  { name: 'content-digest', value: HEADERS[1][1] },
  { name: 'content-type', value: HEADERS[0][1] },
  { name: 'idempotency-key', value: HEADERS[2][1] },
];

function sign(request = REQUEST, now = NOW): RequestHead {
  return withHeaders(request, Object.entries(signRequest(request, { key: KEY, origin: ORIGIN, now })));
}

function codeOf(request: RequestHead, hasBody = true): string {
  const { verifier } = makeVerifier();
  const error = errorOf(() => verifier.verify(request, hasBody));
  for (const secret of [HEADERS[2][1], HEADERS[1][1]])
    expect(`${error.message}${error.hint ?? ''}`).not.toContain(secret);
  return error.code;
}

/** A request whose signature headers are these. */
function signedBy(input: string, signature: string): RequestHead {
  return withHeaders(REQUEST, [
    ['Signature-Input', input],
    ['Signature', signature],
  ]);
}

/** The signature headers of a good request. */
function goodSignature(): readonly [input: string, signature: string] {
  const { 'signature-input': input, signature } = signRequest(REQUEST, { key: KEY, origin: ORIGIN, now: NOW });
  return [input, signature];
}

describe('a request that keeps to the profile', () => {
  test('is accepted, and names its key and the digest of its body', () => {
    const { verifier } = makeVerifier();
    const { keyId, digest } = verifier.verify(sign(), true);
    expect(keyId).toMatch(/^ed25519:/);
    expect(digest).toHaveLength(32);
  });

  test('has headers in any case and order, among others', () => {
    const { verifier } = makeVerifier();
    const { headers } = sign();
    const shouted = [...headers].map(([name, value]) => [name.toUpperCase(), value] as const).reverse();
    const request = { ...REQUEST, headers: [['X-Other', 'é'], ['x-other', 'b'], ...shouted] as const };
    expect(verifier.verify(request, true).digest).not.toBeNull();
  });

  test('has no digest without a body', () => {
    const { verifier } = makeVerifier();
    expect(verifier.verify(sign({ method: 'GET', target: '/v1/room', headers: [] }), false).digest).toBeNull();
  });
});

describe('refuses by name', () => {
  const [input, signature] = goodSignature();

  test.each([
    ['AUTH_MISSING', 'no signature', REQUEST],
    ['AUTH_MISSING', 'no parameters', withHeaders(REQUEST, [['Signature', signature]])],
    ['AUTH_MISSING', 'parameters alone', withHeaders(REQUEST, [['Signature-Input', input]])],
    ['AUTH_MALFORMED', 'something else', signedBy('sig', signature)],
    ['AUTH_MALFORMED', 'no structured field', signedBy('sig=(', signature)],
    ['AUTH_MALFORMED', 'another label', signedBy(input.replace('sig=', 'sig1='), signature.replace('sig=', 'sig1='))],
    ['AUTH_MALFORMED', 'two signatures', signedBy(`${input}, other=("@method")`, signature)],
    ['AUTH_MALFORMED', 'one label twice', signedBy(`${input}, ${input}`, signature)],
    ['AUTH_MALFORMED', 'a signature twice', signedBy(input, `${signature}, ${signature}`)],
    ['AUTH_MALFORMED', 'two spaces', signedBy(input.replace('" "', '"  "'), signature)],
    ['AUTH_MALFORMED', 'a space after a semicolon', signedBy(input.replace(';nonce', '; nonce'), signature)],
    ['AUTH_MALFORMED', 'a parameter twice', signedBy(input.replace(';created', ';created=1;created'), signature)],
    ['AUTH_MALFORMED', 'a number in another spelling', signedBy(input.replace('created=1', 'created=01'), signature)],
    ['AUTH_MALFORMED', 'a component that is a token', signedBy(input.replace('"@method"', 'method'), signature)],
    ['AUTH_MALFORMED', 'a text in the place of bytes', signedBy(input, 'sig="abc"')],
    ['AUTH_MALFORMED', 'too few bytes', signedBy(input, 'sig=:AAAA:')],
    ['AUTH_MALFORMED', 'Base64 without padding', signedBy(input, signature.replace('==:', ':'))],
    ['AUTH_MALFORMED', 'parameters of the signature', signedBy(input, `${signature};a`)],
    ['AUTH_MALFORMED', 'a long signature', signedBy(input.replace('sig=', `sig=${' '.repeat(4000)}`), signature)],
    ['AUTH_MALFORMED', 'a signature header twice', withHeaders(signedBy(input, signature), [['signature', signature]])],
    ['AUTH_MALFORMED', 'a covered header twice', withHeaders(sign(), [['content-type', 'application/json']])],
    ['AUTH_MALFORMED', 'text that is not ASCII', withHeaders(sign(), [['if-match', '"é"']])],
    ['AUTH_MALFORMED', 'an empty header', withHeaders(sign(), [['if-match', '']])],
    ['AUTH_MALFORMED', 'a header that ends with a space', withHeaders(sign(), [['if-match', '"a" ']])],
    ['AUTH_MALFORMED', 'a line feed in a header', withHeaders(sign(), [['if-match', '"a"\n"@method": GET']])],
    ['AUTH_MALFORMED', 'a method in lower case', { ...sign(), method: 'post' }],
    ['AUTH_MALFORMED', 'an address in the place of a path', { ...sign(), target: 'https://room.example/v1/queries' }],
    ['AUTH_MALFORMED', 'a fragment', { ...sign(), target: '/v1/queries#a' }],
    ['AUTH_COVERAGE', 'a header that is not covered', withHeaders(sign(), [['if-match', '"a"']])],
    ['AUTH_COVERAGE', 'a covered header that is missing', { ...sign(), headers: [...sign().headers].slice(1) }],
    ['AUTH_COVERAGE', 'a component with a parameter', signedBy(input.replace('"@method"', '"@method";req'), signature)],
    ['AUTH_COVERAGE', 'a component twice', signedBy(input.replace('("@method"', '("@method" "@method"'), signature)],
    ['AUTH_COVERAGE', 'a component in upper case', signedBy(input.replace('content-type', 'Content-Type'), signature)],
    ['AUTH_COVERAGE', 'a body without a digest', sign({ ...REQUEST, headers: [HEADERS[0]] })],
    ['AUTH_PARAMETERS', 'another tag', signedBy(input.replace('sealroom-v1', 'sealroom-v2'), signature)],
    ['AUTH_PARAMETERS', 'another algorithm', signedBy(input.replace('"ed25519"', '"rsa-v1_5-sha256"'), signature)],
    ['AUTH_PARAMETERS', 'a parameter more', signedBy(`${input};expires=1`, signature)],
    ['AUTH_PARAMETERS', 'a parameter less', signedBy(input.replace(';tag="sealroom-v1"', ''), signature)],
    ['AUTH_PARAMETERS', 'a time that is a text', signedBy(input.replace(/created=\d+/, 'created="1"'), signature)],
    ['AUTH_PARAMETERS', 'half a second', signedBy(input.replace(/created=\d+/, 'created=1.5'), signature)],
    ['AUTH_PARAMETERS', 'a time before time', signedBy(input.replace(/created=\d+/, 'created=-1'), signature)],
    ['AUTH_PARAMETERS', 'a short nonce', signedBy(input.replace(/nonce="[^"]*"/, 'nonce="AAAA"'), signature)],
    ['AUTH_PARAMETERS', 'a long nonce', signedBy(input.replace(/nonce="/, `nonce="${'A'.repeat(50)}`), signature)],
    ['AUTH_PARAMETERS', 'a key in another spelling', signedBy(input.replace('ed25519:', 'ED25519:'), signature)],
    ['AUTH_DIGEST', 'a digest of another kind', sign({ ...REQUEST, headers: [['content-digest', 'sha-512=:AAAA:']] })],
    ['AUTH_CLOCK', 'a request from the future', sign(REQUEST, new Date(NOW.getTime() + 2000))],
    ['AUTH_CLOCK', 'an old request', sign(REQUEST, new Date(NOW.getTime() - 121_000))],
    ['AUTH_SIGNATURE', 'another target', { ...sign(), target: '/v1/queries?a=2' }],
    ['AUTH_SIGNATURE', 'another method', { ...sign(), method: 'PUT' }],
    [
      'AUTH_SIGNATURE',
      'parameters that were not signed',
      signedBy(input.replace(/nonce="./, 'nonce="!').replace('!', '/'), goodSignature()[1]),
    ],
  ] as const)('%s: %s', (code, _what, request) => {
    expect(codeOf(request)).toBe(code);
  });

  test('AUTH_COVERAGE: any other order of the components, although its signature is valid', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(COMPONENTS, { minLength: COMPONENTS.length }), (components) => {
        const isOrder = components.every(({ name }, at) => name === COMPONENTS[at]?.name);
        const request = withHeaders(REQUEST, signAnything(components, parametersOf(KEY)));
        const { verifier } = makeVerifier();
        if (isOrder) expect(verifier.verify(request, true).digest).not.toBeNull();
        else expect(codeOf(request)).toBe('AUTH_COVERAGE');
      }),
      { numRuns: runs(200) },
    );
  });

  test('AUTH_COVERAGE: fewer components, although the signature is valid', () => {
    for (const missing of COMPONENTS) {
      const components = COMPONENTS.filter((each) => each !== missing);
      expect(codeOf(withHeaders(REQUEST, signAnything(components, parametersOf(KEY))))).toBe('AUTH_COVERAGE');
    }
  });

  test('AUTH_PARAMETERS: any other order of the parameters, although the signature is valid', () => {
    const [created, ...rest] = parametersOf(KEY);
    if (created === undefined) throw new Error('no parameters');
    const request = withHeaders(REQUEST, signAnything(COMPONENTS, [...rest, created]));
    expect(codeOf(request)).toBe('AUTH_PARAMETERS');
  });

  test('AUTH_KEY: a key that the manifest does not have', () => {
    const { verifier } = makeVerifier([]);
    expect(errorOf(() => verifier.verify(sign(), true)).code).toBe('AUTH_KEY');
  });

  test('AUTH_SIGNATURE: the signature of another key', () => {
    const other = generateKeyPairSync('ed25519').privateKey;
    const request = withHeaders(REQUEST, signAnything(COMPONENTS, parametersOf(KEY), other));
    expect(codeOf(request)).toBe('AUTH_SIGNATURE');
  });

  test('AUTH_SIGNATURE: a request that was signed for another room', () => {
    const headers = signRequest(REQUEST, { key: KEY, origin: 'https://other.example', now: NOW });
    expect(codeOf(withHeaders(REQUEST, Object.entries(headers)))).toBe('AUTH_SIGNATURE');
  });

  test('AUTH_REPLAY: the same request again, and only after its signature was valid', () => {
    const { verifier } = makeVerifier();
    const request = sign();
    expect(errorOf(() => verifier.verify({ ...request, target: '/' }, true)).code).toBe('AUTH_SIGNATURE');
    verifier.verify(request, true);
    expect(errorOf(() => verifier.verify(request, true)).code).toBe('AUTH_REPLAY');
  });

  test('AUTH_STALE: what a room before this start may have seen', () => {
    const { verifier, clock } = makeVerifier([KEY], new Date(START.getTime() + 500));
    const at = (ms: number): Date => new Date(START.getTime() + ms);
    for (const [ms, code] of [
      [-1000, 'AUTH_STALE'],
      [999, 'AUTH_STALE'],
      [1999, 'AUTH_STALE'],
      [2000, null],
    ] as const) {
      clock.now = at(ms + 100);
      const request = sign(REQUEST, at(ms));
      if (code === null) expect(verifier.verify(request, true).keyId).toMatch(/^ed25519:/);
      else expect(errorOf(() => verifier.verify(request, true)).code).toBe(code);
    }
  });
});

test('one changed character of what is covered, or of the signature, is refused', () => {
  const parts = [
    'method',
    'target',
    'content-type',
    'content-digest',
    'idempotency-key',
    'signature-input',
    'signature',
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...parts),
      fc.nat(),
      fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
      (part, place, character) => {
        const change = (text: string): string => {
          const at = place % text.length;
          return `${text.slice(0, at)}${character}${text.slice(at + 1)}`;
        };
        const request = sign();
        const changed = {
          method: part === 'method' ? change(request.method) : request.method,
          target: part === 'target' ? change(request.target) : request.target,
          headers: [...request.headers].map(
            ([name, value]) => [name, name.toLowerCase() === part ? change(value) : value] as const,
          ),
        };
        fc.pre(JSON.stringify(changed) !== JSON.stringify({ ...request, headers: [...request.headers] }));
        expect(codeOf(changed)).toMatch(/^AUTH_/);
      },
    ),
    { numRuns: runs(2000) },
  );
});

test('every request that can be signed is accepted once', () => {
  const value = fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/);
  const optional = ['content-type', 'idempotency-key', 'upload-offset', 'upload-complete', 'if-match'];
  fc.assert(
    fc.property(
      fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'),
      fc.stringMatching(/^\/[!"$-~]{0,40}$/),
      fc.dictionary(fc.constantFrom(...optional), value),
      (method, target, headers) => {
        const { verifier } = makeVerifier();
        const request = sign({ method, target, headers: Object.entries(headers) });
        expect(verifier.verify(request, false).digest).toBeNull();
        expect(errorOf(() => verifier.verify(request, false)).code).toBe('AUTH_REPLAY');
      },
    ),
    { numRuns: runs(400) },
  );
});

test('an address of a room is an origin, in one spelling', () => {
  expect(parseOrigin('https://room.example')).toBe(ORIGIN);
  expect(parseOrigin('https://room.example:8443/')).toBe('https://room.example:8443');
  const wrong = ['', 'room.example', 'http://room.example', 'https://room.example/a', 'https://a:b@room.example'];
  const odd = ['https://Room.example', 'https://room.example:443', 'https://room.example?a', ' https://room.example'];
  for (const address of [...wrong, ...odd]) expect(errorOf(() => parseOrigin(address)).code).toBe('USAGE_OPTION');
});
