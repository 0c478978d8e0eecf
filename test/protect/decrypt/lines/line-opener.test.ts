import fc from 'fast-check';
import { deriveSealingRoot, parseSharedSecret } from 'sealroom';
import { parseCollaborationId } from 'sealroom/crypto';
import { expect, test } from 'vitest';
import { LineOpener } from '#src/protect/decrypt/lines/line-opener';
import { nullRuleOf } from '#src/tabular/csv/null-rules';
import { ID, SECRET } from '../../../support/cli.ts';
import { runs } from '../../../support/runs.ts';
import { cellOf, textCell } from '../../../support/tables.ts';
import { SEED } from '../../../tabular/support.ts';
import { createTestMachine } from '../../machine/twin.ts';

// What the machine opens, and what it leaves to others. Where the native kernel is built, each call is made in it as well, and must
// give the same; decrypt-lines.test.ts compares with the ordinary way.

const ROOT = deriveSealingRoot(parseSharedSecret(SECRET), parseCollaborationId(ID));

const bytes = (count: number): fc.Arbitrary<number[]> => fc.array(fc.nat(255), { minLength: count, maxLength: count });
/** Encoded values that have a plain text: a type byte, metadata, and a number that the type's text has room for. */
const ENCODED = fc
  .oneof(
    fc.tuple(fc.constant([0x04]), bytes(8)),
    fc.tuple(fc.constant([0x12]), bytes(4)),
    fc.tuple(fc.constant([0x14]), bytes(2)),
    fc.tuple(fc.constant([0x06]), fc.constantFrom([0], [1])),
    fc.tuple(fc.constantFrom([0x0a, 0, 0], [0x0a, 0xff, 0xff]), bytes(2)),
    fc.tuple(fc.constantFrom([0x16, 0, 0, 0, 0, 0, 0, 0, 0], [0x16, 1, 0, 0, 0, 1, 0xff, 0xff, 0xff]), bytes(5)),
    fc.tuple(fc.constantFrom([0x18, 0, 0, 0, 9], [0x08]), fc.constantFrom([0x61], [0xc3, 0xa9], [0x22, 0x2c, 0x0a])),
  )
  .map((parts) => Uint8Array.from(parts.flat()));
const TYPED = ENCODED.map((encoded) => cellOf(encoded));
/** Bytes that are hardly the encoding of any value. */
const MALFORMED = fc.tuple(fc.nat(0x1c), fc.array(fc.nat(255), { maxLength: 16 })).map(([type, rest]) => {
  return cellOf(Uint8Array.from([type, ...rest]));
});
const TEXT = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r\n', ' ', 'é', '🙂', '\ud800'), maxLength: 90 });
const SEALED = fc.oneof(TYPED, TEXT.map(textCell));
const FIELD = fc.oneof(
  { weight: 12, arbitrary: SEALED },
  { weight: 2, arbitrary: SEALED.map((cell) => `"${cell}"`) },
  { weight: 3, arbitrary: fc.constantFrom('', '""', 'NULL', 'plain', '"a ""b"""', `02:hmac:${'A'.repeat(43)}=`) },
);
/** A cell that is malformed, or of which one character is another. */
const BROKEN = fc
  .tuple(fc.oneof(SEALED, MALFORMED), fc.nat(200), fc.constantFrom('A', '=', '"', '-', '\n'))
  .map(([cell, at, other]) => {
    const place = at % cell.length;
    return cell.slice(0, place) + other + cell.slice(place + 1);
  });

const FILE = fc.record({
  fields: fc.array(fc.array(FIELD, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 30 }),
  broken: fc.option(BROKEN, { freq: 4 }),
  separator: fc.constantFrom('\n' as const, '\r\n' as const),
  csvInputNull: fc.constantFrom(undefined, '', '""', 'NULL'),
  lenientCells: fc.boolean(),
  passesFingerprints: fc.boolean(),
  isLast: fc.boolean(),
});

test('records are opened alike on all machines', () => {
  // Up to the first lines of each text.
  const machine = createTestMachine(3 << 20);
  const outcomes = new Map<string, number>();
  fc.assert(
    fc.property(FILE, ({ fields, broken, separator, csvInputNull, isLast, ...rules }) => {
      const opener = new LineOpener(
        machine,
        {
          ...{
            kernel: 'wasm',
            dialect: { delimiter: 0x2c, separator },
            nullRule: nullRuleOf(csvInputNull),
            columns: 3,
          },
          ...{ nullText: Buffer.from('NULL'), empty: Buffer.from('""'), ...rules },
        },
        ROOT,
      );
      const rows = broken === null ? fields : [...fields, ['', broken, '']];
      const text = Buffer.from(rows.map((row) => row.join(',') + separator).join(''));
      opener.text.set(text);
      const opened = opener.open({ at: 0, stop: text.length, end: text.length, isLast });
      outcomes.set(opened.kind, (outcomes.get(opened.kind) ?? 0) + 1);
      if (opened.kind === 'opened') {
        expect([opened.rows, opened.end]).toEqual([rows.length, text.length]);
        expect(Buffer.from(opened.lines).includes('enc:')).toBe(false);
      }
      opener.wipe();
    }),
    { seed: SEED, numRuns: runs(320) },
  );
  expect(outcomes.get('opened')).toBeGreaterThan(runs(320) / 20);
  expect(outcomes.get('declined')).toBeGreaterThan(runs(320) / 20);
});
