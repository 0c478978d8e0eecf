import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SAMPLE_SEED } from '../../samples/insurers/generate.ts';
import { makeInsurers } from '../../samples/insurers/model.ts';
import { runScript } from '../samples/run-script.ts';

const SAMPLE_FOLDER = fileURLToPath(new URL('../../samples/insurers/', import.meta.url));

let workFolder: string;
beforeEach(() => {
  workFolder = mkdtempSync(join(tmpdir(), 'sealroom-test-'));
});
afterEach(() => {
  rmSync(workFolder, { recursive: true, force: true });
});

describe('samples/insurers: the demo', () => {
  it('runs green, in lines of at most 100 characters without color; what others get contains no customer', async () => {
    const kept = join(workFolder, 'kept');
    const temporary = { TMPDIR: workFolder };
    const { exitCode, stdout, stderr } = await runScript('samples/insurers/demo.ts', ['--keep', kept], temporary);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout.match(/: allowed$/gmu)).toHaveLength(3);
    expect(stdout.match(/: refused$/gmu)).toHaveLength(3);
    expect(stdout).toContain('16 records, each in its place');
    expect(stdout.match(/equal the join in cleartext$/gmu)).toHaveLength(3);
    expect(stdout).not.toContain('\u001b');
    expect(stdout.split('\n').filter((line) => [...line].length > 100)).toEqual([]);
    expect(readdirSync(workFolder).filter((name) => name.startsWith('sealroom-'))).toEqual([]);
    const { email } = makeInsurers(SAMPLE_SEED).brightfen.customers.find((customer) => customer.email !== null) ?? {};
    expect(email).toBeTypeOf('string');
    const files = [join(kept, 'protected'), join(kept, 'room')].flatMap((folder) =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name)),
    );
    expect(files.length).toBeGreaterThan(10);
    for (const file of files) expect(readFileSync(file).includes(String(email)), file).toBe(false);
    const result = readFileSync(join(kept, 'receiver', 'filed-with-both.csv'), 'utf8');
    const expected = readFileSync(join(SAMPLE_FOLDER, 'expected', 'filed-with-both.csv'), 'utf8');
    expect(result.split('\n')[0]).toBe(expected.split('\n')[0]);
    // The question was for claims from 1,000 euro on.
    expect(result.split('\n').length).toBeLessThan(expected.split('\n').length);
  }, 60_000);
});

describe('samples/network: the demo of a room as a service', () => {
  it('sends tables, asks, is refused, opens and verifies, and leaves nothing behind', async () => {
    const { exitCode, stdout, stderr } = await runScript('samples/network/demo.ts', [], { TMPDIR: workFolder });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toContain('loaded readers of paper: 120 rows');
    expect(stdout).toContain('error: the query is refused for 3 reasons');
    expect(stdout).toMatch(/verified \d+ records of a log of \d+/);
    expect(stdout).toContain('The answer is that of the cleartext, and the log agrees with it.');
    expect(stdout).not.toContain('\u001b');
    expect(readdirSync(workFolder).filter((name) => name.startsWith('sealroom-'))).toEqual([]);
  });
});
