import { expect, test } from 'vitest';
import { deriveSealingRoot, parseSharedSecret } from 'sealroom';
import { parseCollaborationId } from 'sealroom/crypto';
import { LineOpener, type LineOpening } from '#src/protect/decrypt/lines/line-opener';
import { TableMachine } from '#src/protect/machine/machine';
import { ID, SECRET } from '../../../support/cli.ts';
import { textCell } from '../../../support/tables.ts';

const ROOT = deriveSealingRoot(parseSharedSecret(SECRET), parseCollaborationId(ID));

const OPENING: LineOpening = {
  kernel: 'wasm',
  dialect: { delimiter: 0x2c, separator: '\n' },
  nullRule: { blankIsNull: true, quotedEmptyIsNull: false, tokens: [] },
  columns: 1,
  nullText: Buffer.of(),
  empty: Buffer.from('""'),
  lenientCells: false,
  passesFingerprints: true,
};

/** More rows than are opened by one call. */
const ROWS = 1500;

test.each([
  ['opened', ''],
  ['declined', '02:enc:no cell\n'],
])('wiping leaves no byte of values that were opened, if the text is %s', (kind, lastLine) => {
  const value = 'a value that is no longer secret';
  const lines = Buffer.from(`${textCell(value)}\n`.repeat(ROWS) + lastLine);
  const machine = new TableMachine();
  const opener = new LineOpener(machine, OPENING, ROOT);
  opener.text.set(lines);
  const memory = Buffer.from(machine.exports.memory.buffer);
  expect(opener.open({ at: 0, stop: lines.length, end: lines.length, isLast: true }).kind).toBe(kind);
  expect(memory.includes(value)).toBe(true);
  opener.wipe();
  expect(memory.includes(value)).toBe(false);
  expect(ROOT.use((root) => memory.includes(Buffer.from(root)))).toBe(false);
  expect(memory.subarray(machine.ioAt).every((byte) => byte === 0)).toBe(true);
});
