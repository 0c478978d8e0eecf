import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CELL_NULL,
  classifyCell,
  deriveFingerprintKey,
  deriveSealingRoot,
  encodeValue,
  equivalenceClass,
  fingerprintValue,
  openCell,
  parseSharedSecret,
  randomNonces,
  renderValue,
  sealCell,
  sealCellInRow,
} from 'sealroom/crypto';
import type { ClientType, OpenedCell } from 'sealroom/crypto';
import { byteColumnOf, encodeUtf8 } from '#src/bytes/index';
import type { ErrorCode } from '#src/errors/sealroom-error';
import { headers, integers, texts, typedValues, typedValuesAndNulls } from './arbitraries.ts';
import { acceptedCases, bytesOfBase64, bytesOfHex, KERNELS, rejectedCases, rootOf } from './c3r-vectors.ts';
import type { CaseVector } from './c3r-vectors.ts';
import { codeOf, errorOf, FIXED, sealPayload } from './support.ts';
import { runs } from '../support/runs.ts';

const SECRET = parseSharedSecret('AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=');
const ID = '00000000-1111-2222-3333-444444444444';
const ROOT = deriveSealingRoot(SECRET, ID);
const STATE_KEY = deriveFingerprintKey(SECRET, ID, 'state', { allowJoinsOnColumnsWithDifferentNames: false });
const STRING: ClientType = { kind: 'string' };
const NO_PAD = { targetHeader: 'city', padTargetBytes: null };

function textOf(cell: OpenedCell): string | null {
  return cell.kind === 'sealed' ? renderValue(cell.value) : cell.text;
}

/** How we differ from the reference client, and the code for each thing that both refuse. */
function expectationOf({ id, what }: CaseVector): ErrorCode | 'cleartext' {
  if (id === 'rj-017') return 'FORMAT_TAG'; // a 02 cell that claims to be 01: we read those, so the tag gives it away
  if (id === 'rj-019' || id === 'rj-020') return 'cleartext';
  if (what.startsWith('payload: ')) return 'FORMAT_VALUE';
  return /changed|wrong secret|wrong salt|last byte cut off/u.test(what) ? 'FORMAT_TAG' : 'FORMAT_CELL';
}

describe.each(KERNELS)('kernel $name', (kernel) => {
  test('F-34 any value or null opens to itself, whatever its header and pad', () => {
    const pads = fc.option(fc.integer({ min: 0, max: 80 }), { nil: null });
    fc.assert(
      fc.property(typedValuesAndNulls, headers, pads, ({ type, value }, targetHeader, morePad) => {
        const padTargetBytes = morePad === null ? null : encodeValue({ type, value }).length + morePad;
        const cell = sealCell(kernel, ROOT, { targetHeader, padTargetBytes }, { type, value });
        const opened = openCell(kernel, ROOT, cell);
        expect(opened).toEqual({ kind: 'sealed', value: { kind: type.kind, type, value } });
        const payloadBytes = (padTargetBytes ?? encodeValue({ type, value }).length) + 2;
        expect(cell.length).toBe(7 + 4 * Math.ceil((60 + payloadBytes) / 3));
      }),
      { ...FIXED, numRuns: runs(kernel.name === 'node' ? 1000 : 300) },
    );
  });

  test('F-24 fingerprints are equal exactly if the values of a class are', () => {
    const pairs = fc.oneof(fc.tuple(integers, integers), fc.tuple(texts, texts), fc.tuple(integers, texts));
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const isSameValue =
          equivalenceClass(a.type) === equivalenceClass(b.type) && String(a.value) === String(b.value);
        const isEqual = fingerprintValue(kernel, STATE_KEY, a) === fingerprintValue(kernel, STATE_KEY, b);
        expect(isEqual).toBe(isSameValue);
      }),
      { ...FIXED, numRuns: runs(500) },
    );
  });

  test.each([
    ['VA', 'dVShrpJ70MTSG9VCtCW8WcMdoKbeel144Aln4vRwWk4='],
    ['', 'FCdaNcGz0lvfsi+Y0dUgtAjUErnxoYuFH4Wiwh3KKNs='],
  ])('F-27 the fingerprint of %j in `state`', (value, base64) => {
    expect(fingerprintValue(kernel, STATE_KEY, { type: STRING, value })).toBe(`02:hmac:${base64}`);
  });

  test.each<[ClientType, string | number | bigint | boolean, string]>([
    [STRING, '42', 'noM6PvGMK9OAYvkzJCPcLlrnd2Bc9UoTolPcLpAYbJI='],
    [{ kind: 'int' }, 42, 'nDXrvxHadH9QN2exewfzd4PksqOanC2Nnyvd6eV4zbM='],
    [{ kind: 'smallint' }, 42, 'nDXrvxHadH9QN2exewfzd4PksqOanC2Nnyvd6eV4zbM='],
    [{ kind: 'bigint' }, -1n, 'FiiHPO040T3lfU8RRvhGfV+TOqPXOCh2i/07/zA15H8='],
    [{ kind: 'boolean' }, true, 'H1+8PbeUJGbEtQ3QK5oX1du6lyHAeiDMMIfvBlebhb4='],
    [{ kind: 'date' }, 0, 'Z7GjZgTVpa7OSADlcnCqXWN3qEymYKU0OlckS84ZoWI='],
  ])('F-27 the fingerprint of %o %s in `id`', (type, value, base64) => {
    const key = deriveFingerprintKey(SECRET, ID, 'id', { allowJoinsOnColumnsWithDifferentNames: false });
    expect(fingerprintValue(kernel, key, { type, value })).toBe(`02:hmac:${base64}`);
  });

  test('F-28 the fingerprint of a null is random', () => {
    const cells = Array.from({ length: 20 }, () => fingerprintValue(kernel, STATE_KEY, { type: STRING, value: null }));
    expect(new Set(cells).size).toBe(20);
    expect(cells.every((cell) => /^02:hmac:[A-Za-z0-9+/]{43}=$/u.test(cell))).toBe(true);
  });

  test('F-29 a cell of its own has a nonce of its own, cells of one row share theirs', () => {
    const nonceOf = (cell: string): string => cell.slice(7, 7 + 42);
    const value = { type: STRING, value: 'same' };
    expect(nonceOf(sealCell(kernel, ROOT, NO_PAD, value))).not.toBe(nonceOf(sealCell(kernel, ROOT, NO_PAD, value)));
    using row = kernel.deriveRowKeys(ROOT, randomNonces(1));
    const [a, b] = ['a', 'b'].map((targetHeader) => {
      return sealCellInRow(kernel, row, { targetHeader, padTargetBytes: null }, value);
    });
    expect(nonceOf(a ?? '')).toBe(nonceOf(b ?? ''));
    expect(a).not.toBe(b);
  });

  describe('worked examples, opened by the reference client as well', () => {
    const nonce = Uint8Array.from({ length: 32 }, (_, i) => i);
    const start = '02:enc:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh';

    test.each<[string, ClientType, string | number | bigint | null, number | null, string]>([
      ['city', STRING, 'Richmond', null, '89v4eRwG0KUPj5uFE92y5X6gLNmnV/DJhjvrVRFgWWdncHO6bt2YA='],
      ['city', STRING, 'Richmond', 16, '89v4eRwG0KUPj5uFE92y5X6gLNmnV/DHjPMiv/1bbckEpI1lfYvB2SVY+ptK52'],
      ['city', STRING, null, null, '89v4eRwG0KUPj5uFE8iUdnQu4lAFEzYPhaALc/+sGP'],
      ['city', STRING, '', null, '89v4eRwG0KUPj5uFE9iUfLISzpY7GJPsIDg4srqrBe'],
      ['n', { kind: 'int' }, 42, null, '86QjLireKUx+jNyOhaM4eJiFjnSHEsqMlI8c4FYYCWHviFDw=='],
      [
        'd',
        { kind: 'decimal', precision: 9, scale: 2 },
        '0.42',
        null,
        '/XjmNH3SKlerrhTzGJpgkR7TCn9Vk7CtySsg9SQK6S0XU0qxDKARSOlsdm',
      ],
      [
        't',
        { kind: 'timestamp', unit: 'ms', utc: true },
        1_234_567_890_123n,
        null,
        '+AsoCOuH8761x/37dhHtRhxbLkaySAP6iYhdg/62ldEMNSU/U9HWuZU8J/4w==',
      ],
    ])('F-33 in `%s`: %o %s, pad %s', (targetHeader, type, value, padTargetBytes, rest) => {
      using keys = kernel.deriveRowKeys(ROOT, nonce);
      const cell = sealCellInRow(kernel, keys, { targetHeader, padTargetBytes }, { type, value });
      expect(cell).toBe(start + rest);
      expect(openCell(kernel, ROOT, cell)).toEqual({ kind: 'sealed', value: { kind: type.kind, type, value } });
    });
  });

  describe('cells that the reference client refuses', () => {
    test.each(rejectedCases('decrypt_cell'))('$id $what', (vector) => {
      const root = rootOf(vector);
      const expected = expectationOf(vector);
      const open = (): OpenedCell => openCell(kernel, root, vector.cell);
      if (expected === 'cleartext') expect(open()).toEqual({ kind: 'cleartext', text: vector.cell });
      else expect(codeOf(open)).toBe(expected);
    });

    test.each(acceptedCases('decrypt_cell'))('near misses open: $id $what', (vector) => {
      expect(textOf(openCell(kernel, rootOf(vector), vector.cell, { lenientCells: true }))).toBe(vector.result);
    });

    test('F-12, F-39 of the near misses, only what no client writes is refused if cells are not read leniently', () => {
      const refused = acceptedCases('decrypt_cell').filter((vector) => {
        try {
          openCell(kernel, rootOf(vector), vector.cell);
          return false;
        } catch {
          return true;
        }
      });
      expect(refused.map(({ what }) => what.slice(0, 40))).toEqual([
        'payload: pad length ffff (0261ffff)',
        'payload: pad length fffe (02616263fffe)',
        expect.stringMatching(/^payload: pad bytes that are not zero/),
        expect.stringMatching(/^payload: string of bytes that are not/),
      ]);
    });
  });

  test('F-38 every failure of authentication has the same message', () => {
    const cell = sealCell(kernel, ROOT, NO_PAD, { type: STRING, value: 'Richmond' });
    const body = Buffer.from(cell.slice(7), 'base64');
    const messages = new Set<string>();
    for (let at = 0; at < body.length; at++) {
      const changed = Buffer.from(body);
      changed[at] = (changed[at] ?? 0) ^ 1;
      const error = errorOf(() => openCell(kernel, ROOT, `02:enc:${changed.toString('base64')}`));
      expect(error.code).toBe('FORMAT_TAG');
      messages.add(error.message);
    }
    const otherRoot = deriveSealingRoot(SECRET, ID.replace('0', '1'));
    messages.add(errorOf(() => openCell(kernel, otherRoot, cell)).message);
    expect([...messages]).toEqual([
      'a sealed cell could not be opened: wrong secret, wrong collaboration id, or changed data',
    ]);
  });

  test.each([
    ['nothing', ''],
    ['59 bytes', Buffer.alloc(59).toString('base64')],
    ['a foreign character', `${'A'.repeat(79)}*`],
    ['a blank at the end', `${'A'.repeat(80)} `],
    ['text that is not ASCII', 'é'.repeat(60)],
  ])('F-37 a sealed cell of %s is malformed', (_, base64) => {
    for (const prefix of ['02:enc:', '01:enc:']) {
      expect(codeOf(() => openCell(kernel, ROOT, prefix + base64))).toBe('FORMAT_CELL');
    }
  });

  test('F-37 60 bytes are enough to be tried', () => {
    expect(codeOf(() => openCell(kernel, ROOT, `02:enc:${Buffer.alloc(60).toString('base64')}`))).toBe('FORMAT_TAG');
  });

  describe('F-39 the pad count', () => {
    test.each([
      ['020000', ''],
      ['0261620000000003', 'ab'],
      ['0200' + '00'.repeat(300) + '012d', ''],
    ])('of the payload %s leaves %j', (payload, text) => {
      expect(textOf(openCell(kernel, ROOT, sealPayload(ROOT, bytesOfHex(payload))))).toBe(text);
    });

    test.each([
      ['0261ffff', 'a\uFFFD'],
      ['02616263fffe', 'abc\uFFFD\uFFFD'],
    ])('of the payload %s is negative and refused, or leaves %j if the cell is read leniently', (payload, text) => {
      const cell = sealPayload(ROOT, bytesOfHex(payload));
      expect(codeOf(() => openCell(kernel, ROOT, cell))).toBe('FORMAT_VALUE');
      expect(textOf(openCell(kernel, ROOT, cell, { lenientCells: true }))).toBe(text);
    });

    test.each(['', '02', '0000', '02610009', '02610002', '0261fffd', '02617fff', '02618000'])(
      'of the payload %s is refused, also leniently',
      (payload) => {
        for (const lenientCells of [false, true]) {
          const cell = sealPayload(ROOT, bytesOfHex(payload));
          expect(codeOf(() => openCell(kernel, ROOT, cell, { lenientCells }))).toBe('FORMAT_VALUE');
        }
      },
    );

    test('is of zeros: any other byte is refused wherever it is, unless the cell is read leniently', () => {
      for (const zeros of [1, 2, 15, 16, 17, 33, 300]) {
        for (const place of new Set([0, zeros >> 1, zeros - 1])) {
          for (const byte of [1, 0x80]) {
            const payload = Buffer.concat([bytesOfHex('02616263'), Buffer.alloc(zeros + 2)]);
            payload[4 + place] = byte;
            payload.writeUInt16BE(zeros, 4 + zeros);
            const cell = sealPayload(ROOT, payload);
            expect(codeOf(() => openCell(kernel, ROOT, cell))).toBe('FORMAT_VALUE');
            expect(textOf(openCell(kernel, ROOT, cell, { lenientCells: true }))).toBe('abc');
          }
        }
      }
    });
  });

  describe('F-55 cells of older clients', () => {
    test('open with their own prefix', () => {
      const cell = sealPayload(ROOT, bytesOfHex('02616263' + '0000' + '0002'), '01:enc:');
      expect(textOf(openCell(kernel, ROOT, cell))).toBe('abc');
    });

    test('do not open under another prefix', () => {
      const old = sealPayload(ROOT, bytesOfHex('02610000'), '01:enc:');
      const current = sealPayload(ROOT, bytesOfHex('02610000'), '02:enc:');
      expect(codeOf(() => openCell(kernel, ROOT, old.replace('01', '02')))).toBe('FORMAT_TAG');
      expect(codeOf(() => openCell(kernel, ROOT, current.replace('02', '01')))).toBe('FORMAT_TAG');
    });

    test('are never written', () => {
      expect(sealCell(kernel, ROOT, NO_PAD, { type: STRING, value: null }).slice(0, 7)).toBe('02:enc:');
    });
  });

  test('F-56 01:hmac: cells pass through, and are never written', () => {
    const cell = `01:hmac:${'A'.repeat(43)}=`;
    expect(openCell(kernel, ROOT, cell)).toEqual({ kind: 'fingerprint', text: cell });
    expect(fingerprintValue(kernel, STATE_KEY, { type: STRING, value: 'x' }).slice(0, 8)).toBe('02:hmac:');
  });

  describe('F-49 cells of versions to come', () => {
    const body = Buffer.alloc(60, 1).toString('base64');

    test.each(['00', '03', '10', '99'])('version %s is refused', (version) => {
      const error = errorOf(() => openCell(kernel, ROOT, `${version}:enc:${body}`));
      expect(error.code).toBe('FORMAT_CELL');
      expect(error.message).toBe('a cell is sealed in a format version that this release cannot read');
    });

    test.each(['03:enc:', `03:enc:${body.slice(4)}`, `03:enc:${body}*`, `0b:enc:${body}`, `03-enc:${body}`])(
      'what only resembles one is cleartext: %s',
      (text) => {
        expect(openCell(kernel, ROOT, text)).toEqual({ kind: 'cleartext', text });
      },
    );
  });

  test.each(['02:enc:', '02:enc:AAAA', '01:enc:closure', '02:enc: see above'])(
    'F-47 text that begins as a sealed cell must open: %s',
    (text) => {
      expect(codeOf(() => openCell(kernel, ROOT, text))).toBe('FORMAT_CELL');
    },
  );

  test.each(['02:hmac:', 'xx:hmac:anything', '\0\0\0hmac:'])(
    'F-48 a fingerprint is known by its middle: %j',
    (text) => {
      expect(openCell(kernel, ROOT, text)).toEqual({ kind: 'fingerprint', text });
    },
  );

  test.each([
    '',
    'a',
    '02:enc',
    '02:ENC:AAAA',
    ' 02:enc:AAAA',
    'enc:AAAA',
    'my enc:losure',
    '02:hmac',
    '02:HMAC:x',
    'hmac:',
  ])('F-50 everything else is cleartext: %j', (text) => {
    expect(openCell(kernel, ROOT, text)).toEqual({ kind: 'cleartext', text });
  });
});

test('F-35 a null is sealed as its encoded null, and looks like any other cell of its length', () => {
  const [kernel] = KERNELS;
  if (kernel === undefined) throw new Error('expected a kernel');
  const type: ClientType = { kind: 'decimal', precision: 9, scale: 2 };
  const target = { targetHeader: 'd', padTargetBytes: 20 };
  const cells = [null, '0.42'].map((value) => sealCell(kernel, ROOT, target, { type, value }));
  expect(cells[0]?.length).toBe(cells[1]?.length);
  expect(openCell(kernel, ROOT, cells[0] ?? '')).toEqual({
    kind: 'sealed',
    value: { kind: 'decimal', type, value: null },
  });
});

test('F-31 the IV depends on the target header, F-36 opening does not', () => {
  const nonce = randomNonces(1);
  for (const kernel of KERNELS) {
    using keys = kernel.deriveRowKeys(ROOT, nonce);
    const cells = ['a', 'b'].map((targetHeader) => {
      return sealCellInRow(kernel, keys, { targetHeader, padTargetBytes: null }, { type: STRING, value: 'x' });
    });
    const ivs = cells.map((cell) => bytesOfBase64(cell.slice(7)).subarray(32, 44));
    expect(ivs[0]).not.toEqual(ivs[1]);
    for (const cell of cells) expect(textOf(openCell(kernel, ROOT, cell))).toBe('x');
  }
});

test('sealing what is not a value of the type is refused', () => {
  for (const kernel of KERNELS) {
    expect(codeOf(() => sealCell(kernel, ROOT, NO_PAD, { type: { kind: 'int' }, value: 'x' }))).toBe('DATA_VALUE');
    expect(codeOf(() => sealCell(kernel, ROOT, NO_PAD, { type: STRING, value: '\uD800' }))).toBe('DATA_ENCODING');
    expect(codeOf(() => fingerprintValue(kernel, STATE_KEY, { type: { kind: 'double' }, value: 1 }))).toBe('DATA_TYPE');
  }
});

test('no cleartext classifies as sealed unless it begins as a sealed cell', () => {
  fc.assert(
    fc.property(typedValues, ({ value }) => {
      const text = String(value);
      if (!/^0[12]:enc:/u.test(text)) expect(classifyCell(encodeUtf8(text))).not.toBe(3);
    }),
    FIXED,
  );
});

test('F-47 F-48 F-49 a column of cells is classified as each by itself, with and without a prefix of ours', () => {
  const beginnings = ['02:hmac:', '07:hmac:', '03:enc:', '02:enc', '02:hmac', '02:emac:', ''];
  const cells = fc
    .tuple(fc.constantFrom(...beginnings), fc.string({ maxLength: 9 }))
    .map((parts) => parts.join(''))
    .filter((text) => !/^0[12]:enc:/u.test(text));
  fc.assert(
    fc.property(fc.array(fc.option(cells)), (texts) => {
      const values = texts.map((text) => (text === null ? null : encodeUtf8(text)));
      const expected = values.map((value) => (value === null ? CELL_NULL : classifyCell(value)));
      for (const kernel of KERNELS) expect([...kernel.openColumn(ROOT, byteColumnOf(values)).kinds]).toEqual(expected);
    }),
    FIXED,
  );
});
