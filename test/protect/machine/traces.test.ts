import { encodePrefix, fingerprintKeyFromBytes, sealingRootFromBytes } from 'sealroom/crypto';
import { expect, test, vi } from 'vitest';
import { concatBytes, encodeUtf8, FRESH_MEMORY } from '#src/bytes/index';
import { LineOpener } from '#src/protect/decrypt/lines/line-opener';
import { writeRows } from '#src/protect/encrypt/core/row-format';
import { LineProtector } from '#src/protect/encrypt/lines/line-protector';
import { WASM_BASE64 } from '#src/protect/machine/binary';
import { type TableExports, TableMachine } from '#src/protect/machine/machine';
import { SeededRandom } from '../../crypto/kernels/random.ts';
import { traceModule } from '../../crypto/kernels/tracer.ts';
import { batchOf, textColumn } from '../../tabular/support.ts';

const VALUES = Array.from({ length: 30 }, (_, row) => (row % 9 === 4 ? null : 'a "value", '.repeat(row % 5)));
const STRING = { kind: 'string' } as const;

/** Secrets of all sorts: all bits clear, all bits set, random ones. */
const SECRETS = [
  new Uint8Array(32),
  new Uint8Array(32).fill(0xff),
  ...[2, 3, 4].map((seed) => new SeededRandom(seed).bytes(32)),
];

test('no branch and no address of what protects and opens lines depends on a key', async () => {
  const { exports, traceOf } = await traceModule<TableExports>(WASM_BASE64);
  const batch = batchOf(textColumn(VALUES));
  const part = writeRows(batch, Int32Array.from(VALUES.keys()), FRESH_MEMORY).bytes;
  // The order of the rows is no key.
  const generator = vi.spyOn(globalThis.crypto, 'getRandomValues').mockImplementation((array) => {
    if (array instanceof Uint8Array) array.fill(7);
    return array;
  });
  try {
    const traces = SECRETS.map((secret) => {
      using root = sealingRootFromBytes(secret);
      using key = fingerprintKeyFromBytes(secret);
      const machine = new TableMachine(exports);
      const sealed = { targetHeader: 'note', prefix: encodePrefix(STRING), nullEncoding: null };
      using protector = new LineProtector(machine, {
        root,
        tasks: [
          { kind: 'sealed', stored: 0, task: sealed },
          { kind: 'fingerprint', stored: 0, task: { key, typeByte: 2, nulls: 'random' } },
          { kind: 'cleartext', stored: 0 },
        ],
        pads: [null, null, null],
        storedColumns: 1,
        headBytes: 8,
        marks: [new Uint8Array(), encodeUtf8('""')],
      });
      const made: Uint8Array[] = [];
      const protecting = traceOf(() => {
        protector.open(part.length, VALUES.length, (target) => {
          target.set(part);
        });
        for (const lines of protector.lines()) made.push(lines.bytes().slice());
      });
      machine.wipe();
      const lines = concatBytes(made);
      const opener = new LineOpener(
        machine,
        {
          kernel: 'wasm',
          dialect: { delimiter: 0x2c, separator: '\n' },
          nullRule: { blankIsNull: true, quotedEmptyIsNull: false, tokens: [] },
          columns: 3,
          nullText: new Uint8Array(),
          empty: encodeUtf8('""'),
          lenientCells: false,
          passesFingerprints: true,
        },
        root,
      );
      opener.text.set(lines);
      const opening = traceOf(() => {
        expect(opener.open({ at: 0, stop: lines.length, end: lines.length, isLast: true }).kind).toBe('opened');
      });
      machine.wipe();
      return `${protecting}; ${opening}`;
    });
    expect(traces[0]).toMatch(/^\d{5,} events/);
    expect(new Set(traces).size).toBe(1);
  } finally {
    generator.mockRestore();
  }
});
