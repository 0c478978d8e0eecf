import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeTables } from '../../samples/room/generate.ts';
import { runSample } from '../../samples/room/run.ts';
import { runRefused } from '../../samples/room_bad/run.ts';

const SAMPLES = fileURLToPath(new URL('../../samples/', import.meta.url));

const read = (path: string): string => readFileSync(join(SAMPLES, path), 'utf8');

let workFolder: string;
beforeEach(() => {
  workFolder = mkdtempSync(join(tmpdir(), 'sealroom-test-'));
});
afterEach(() => {
  rmSync(workFolder, { recursive: true, force: true });
});

it('samples/room: the generator writes the committed tables again, byte for byte', () => {
  for (const [path, text] of Object.entries(makeTables())) expect(text).toBe(read(`room/${path}`));
});

it('samples/room: each answer is that of the cleartext with the thresholds', async () => {
  const answers = await runSample(workFolder);
  const files = readdirSync(join(SAMPLES, 'room/expected'));
  expect(Object.keys(answers)).toHaveLength(files.length);
  for (const [file, csv] of Object.entries(answers)) {
    const expected = read(`room/expected/${file.replace(/\..*$/, '.csv')}`);
    // Rows with sealed columns are ordered by their cells, which differ each time.
    expect(csv.split('\n').sort()).toEqual(expected.split('\n').sort());
  }
}, 60_000);

it('samples/room_bad: each refusal says what expected.txt says', async () => {
  expect(await runRefused(workFolder)).toBe(read('room_bad/expected.txt'));
}, 60_000);
