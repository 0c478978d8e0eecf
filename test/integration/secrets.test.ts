import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateHybridIdentity } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ID } from '../support/cli.ts';
import { ROOT } from '../tooling/run-tool.ts';

// The commands on keys and tables, each in a process of its own as users run them, in a directory of their own that is HOME and has
// all temporary files; and then: where are the secrets?

const PASSPHRASE = 'grit laptop holiday adult';

const TABLE = 'name,city\nada lovelace,London\ngrace hopper,New York\n';
const VALUES = ['ada lovelace', 'grace hopper'];

const SCHEMA = JSON.stringify({
  headerRow: true,
  columns: [
    { sourceHeader: 'name', targetHeader: 'name', type: 'sealed', pad: { type: 'none' } },
    { sourceHeader: 'name', targetHeader: 'match', type: 'fingerprint' },
  ],
});
const SEALED_ONLY = JSON.stringify({
  headerRow: true,
  columns: [{ sourceHeader: 'name', targetHeader: 'name', type: 'sealed', pad: { type: 'fixed', length: 40 } }],
});

/** One command, and what it left on its streams. */
interface Ran {
  readonly argv: readonly string[];
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

let root: string;
const ran: Ran[] = [];
/** Shared secrets of all collaborations and generations that were made, as `export-c3r` printed them. */
const secrets: string[] = [];

function run(argv: readonly string[], env: NodeJS.ProcessEnv = {}, passphrases = ''): Ran {
  const { PATH } = process.env;
  const fd = passphrases === '' ? [] : ['--passphrase-fd', '0'];
  const child = spawnSync(process.execPath, [`${ROOT}/dist/bin/sealroom.js`, ...argv, ...fd, '--debug'], {
    cwd: join(root, 'work'),
    env: { PATH, HOME: join(root, 'home'), TMPDIR: join(root, 'tmp'), ...env },
    input: passphrases,
    encoding: 'utf8',
  });
  const outcome = { argv, code: child.status, out: child.stdout, err: child.stderr };
  ran.push(outcome);
  return outcome;
}

function done(argv: readonly string[], env: NodeJS.ProcessEnv = {}, passphrases = ''): Ran {
  const outcome = run(argv, env, passphrases);
  expect(outcome, outcome.err).toMatchObject({ code: 0 });
  return outcome;
}

function exported(id: string, generation: number, passphrases = ''): void {
  const argv = ['key', 'export-c3r', '--id', id, '--generation', String(generation), '--yes'];
  secrets.push(done(argv, {}, passphrases).out.trim());
}

/** How a secret may be written. */
function formsOf(base64: string): readonly Buffer[] {
  const bytes = Buffer.from(base64, 'base64');
  const hex = bytes.toString('hex');
  const texts = [base64, base64.replace(/=+$/, ''), bytes.toString('base64url'), hex, hex.toUpperCase()];
  // Without their ends, which depend on what stands beside them.
  return [bytes, ...texts.map((text) => Buffer.from(text))].flatMap((form) => [form, form.subarray(0, 20)]);
}

/** All files below a directory. */
async function filesBelow(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'sealroom-scan-'));
  for (const name of ['home', 'tmp', 'work']) await mkdir(join(root, name), { mode: 0o700 });
  const put = (name: string, text: string): Promise<void> => writeFile(join(root, 'work', name), text, { mode: 0o600 });
  await put('in.csv', TABLE);
  await put('s.json', SCHEMA);
  await put('sealed.json', SEALED_ONLY);
  await put('a.key', `${await generateHybridIdentity()}\n`);
  await put('b.key', `${await generateHybridIdentity()}\n`);

  // An age identity: create, use, rotate, wrap, encrypt again, errors of each kind.
  done(['member', 'init', '--id', 'brand']);
  done(['key', 'create', '--id', ID, '--key', 'age:a.key']);
  done(['encrypt', 'in.csv', '-s', 's.json', '--id', ID, '-o', 'a.csv']);
  done(['encrypt', 'in.csv', '-s', 's.json', '--id', ID, '-o', 'a.parquet']);
  done(['encrypt', 'in.csv', '-s', 'sealed.json', '--id', ID, '-o', 'b.arrow']);
  done(['decrypt', 'a.csv', '--id', ID, '-o', '-']);
  done(['key', 'rotate', '--id', ID, '--tables', '.', '--removed', 'pub']);
  done(['reencrypt', 'b.arrow', '--id', ID, '-o', 'c.arrow']);
  done(['reencrypt', 'a.csv', '--id', ID, '-o', 'c.csv', '--original', 'in.csv', '-s', 's.json']);
  done(['key', 'wrap', '--id', ID, '--to', 'age:b.key']);
  done(['key', 'show', '--check', '--json']);
  exported(ID, 1);
  exported(ID, 2);
  for (const argv of [
    ['decrypt', 'a.csv', '--id', ID, '--key', 'age:a.key', '-o', 'x.csv'],
    ['decrypt', 'a.csv', '--id', ID.replaceAll('1', '9'), '-o', 'x.csv'],
    ['encrypt', 'in.csv', '-s', 'none.json', '--id', ID, '-o', 'x.csv'],
    ['reencrypt', 'c.csv', '--id', ID, '-o', 'x.csv'],
    ['key', 'create', '--id', ID, '--key', 'age:a.key'],
    ['key', 'export-c3r', '--id', ID],
  ]) {
    expect(run(argv).code).not.toBe(0);
  }

  // Secrets that lie open are taken over, by name and by file; as they are in C3R.
  const mine = Buffer.alloc(33, 'own secret').toString('base64');
  secrets.push(mine);
  done(['encrypt', 'in.csv', '-s', 's.json', '--id', ID, '-o', 'd.csv'], { C3R_SHARED_SECRET: mine });
  const other = ID.replaceAll('0', 'a');
  const importing = ['key', 'create', '--id', other, '--import', '--key', 'age:a.key'];
  done(importing, { C3R_SHARED_SECRET: mine });
  run(['encrypt', 'in.csv', '-s', 's.json', '--id', ID, '-o', 'e.csv'], { C3R_SHARED_SECRET: `${mine}x` });
  run(['decrypt', 'd.csv', '--id', other, '-o', 'e.csv'], { C3R_SHARED_SECRET: mine });
  done(['key', 'destroy', '--id', other, '--generation', '1', '--yes']);

  // A keystore; and the two places where the secret itself lies, which are not looked into.
  const kept = ID.replaceAll('0', 'b');
  done(['key', 'create', '--id', kept, '--key', 'keystore:keys.json'], {}, `${PASSPHRASE}\n`);
  // What a passphrase costs to try, 2^18, is the command's own: tests in process lower it.
  const keystore = readFileSync(join(root, 'work', 'keys.json'), 'latin1');
  expect(keystore).toMatch(/^age-encryption\.org\/v1\n-> scrypt \S+ 18\n/);
  done(['encrypt', 'in.csv', '-s', 's.json', '--id', kept, '-o', 'f.csv'], {}, `${PASSPHRASE}\n`);
  expect(run(['decrypt', 'f.csv', '--id', kept, '-o', 'g.csv'], {}, 'wrong\n').code).not.toBe(0);
  exported(kept, 1, `${PASSPHRASE}\n`);
  const bare = Buffer.alloc(32, 'bare secret').toString('base64');
  secrets.push(bare);
  await put('bare.secret', bare);
  for (const [letter, key] of [
    ['c', 'file:bare.secret'],
    ['d', 'env:BARE'],
  ]) {
    const id = ID.replaceAll('0', letter ?? '');
    done(['key', 'create', '--id', id, '--import', '--key', key ?? ''], { C3R_SHARED_SECRET: bare, BARE: bare });
    done(['encrypt', 'in.csv', '-s', 's.json', '--id', id, '-o', `${letter ?? ''}.h.csv`], { BARE: bare });
  }
  await rm(join(root, 'work', 'bare.secret'));
  done(['audit', 'show']);
  done(['audit', 'verify']);
}, 180_000);

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

describe('the shared secrets of a session', () => {
  test('are several, of 32 bytes and more', () => {
    expect(new Set(secrets).size).toBe(5);
    for (const secret of secrets) expect(Buffer.from(secret, 'base64').length).toBeGreaterThanOrEqual(32);
  });

  test('are on no stream, but for the output of `export-c3r`', () => {
    expect(ran.length).toBeGreaterThan(20);
    for (const { argv, out, err } of ran) {
      const streams = argv[1] === 'export-c3r' ? [err] : [out, err];
      for (const form of secrets.flatMap(formsOf)) {
        for (const stream of streams) expect([argv, Buffer.from(stream).includes(form)]).toEqual([argv, false]);
      }
    }
  });

  test('are found where they are', () => {
    const printed = ran.filter(({ argv }) => argv[1] === 'export-c3r' && argv.includes('--yes')).map(({ out }) => out);
    expect(printed).toHaveLength(3);
    for (const out of printed) {
      expect(secrets.some((secret) => formsOf(secret).some((form) => Buffer.from(out).includes(form)))).toBe(true);
    }
  });

  test('are in no file that was written: tables, sidecars, envelopes, logs, temporary files', async () => {
    const files = await filesBelow(root);
    expect(files.some((file) => file.endsWith('log.jsonl'))).toBe(true);
    expect(files.some((file) => file.endsWith('.sealroom.json'))).toBe(true);
    for (const file of files) {
      const content = await readFile(file);
      for (const form of secrets.flatMap(formsOf)) expect([file, content.includes(form)]).toEqual([file, false]);
    }
  });

  test('leave nothing in the directory for temporary files', async () => {
    expect(await filesBelow(join(root, 'tmp'))).toEqual([]);
  });

  test('nor are values, passphrases, or names of tables in logs and envelopes', async () => {
    for (const file of await filesBelow(join(root, 'home'))) {
      const content = await readFile(file, 'latin1');
      for (const text of [...VALUES, PASSPHRASE, 'in.csv', 'a.csv'])
        expect([file, content.includes(text)]).toEqual([file, false]);
    }
  });
});
