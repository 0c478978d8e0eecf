import { execFileSync, spawnSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCheckpoint, parseVerifier, proveGrowth, proveRecord } from 'sealroom/audit';
import { LogFolder } from '../audit/support.ts';

// The second implementation of notes and trees: golang.org/x/mod/sumdb, which the go command itself trusts.
// Wakes where there is a Go toolchain; with CI=true there must be one.
const hasGo = spawnSync('go', ['version']).status === 0;
const needsGo = (process.env['CI'] ?? '') !== '';

const OLDER = 23;
const NEWER = 61;

describe.skipIf(!hasGo && !needsGo)('the audit log and the packages of Go', () => {
  let build = '';
  let log: LogFolder;
  /** What a third party is given. */
  let given = '';

  beforeAll(async () => {
    build = await mkdtemp(join(tmpdir(), 'sealroom-go-'));
    await cp(join(import.meta.dirname, 'audit-go'), build, { recursive: true });
    execFileSync('go', ['build', '-o', 'audit-go', '.'], {
      cwd: build,
      env: { ...process.env, GOFLAGS: '-mod=readonly' },
    });
    log = await LogFolder.create();
    await log.fill(OLDER);
    const seen = await log.read('checkpoint');
    await log.fill(NEWER - OLDER);
    given = join(build, 'given');
    await log.copyTo(given);
    const source = { directory: log.directory, verifiers: [log.signer.verifier] };
    await writeFile(join(given, 'keys'), `${log.signer.verifier.toString()}\n`);
    await writeFile(join(given, 'seen'), seen);
    await writeFile(join(given, 'growth.proof'), await proveGrowth(source, OLDER));
    for (let index = 0; index < NEWER; index++) {
      await writeFile(join(given, `record-${String(index)}.proof`), await proveRecord(source, index));
    }
  }, 300_000);

  afterAll(async () => {
    await log[Symbol.asyncDispose]();
    await rm(build, { recursive: true, force: true });
  });

  function check(): { readonly ok: boolean; readonly output: string } {
    const done = spawnSync(join(build, 'audit-go'), ['verify', given], { encoding: 'utf8' });
    return { ok: done.status === 0, output: `${done.stdout}${done.stderr}`.trim() };
  }

  test('agree on the root, the signatures, the proof of each record and the growth', () => {
    expect(check()).toEqual({ ok: true, output: `${String(NEWER)} records, grown from ${String(OLDER)}` });
  });

  test.each([
    ['log.jsonl', 'brand', 'brant'],
    ['checkpoint', '\n61\n', '\n60\n'],
    ['seen', '\n23\n', '\n22\n'],
    ['growth.proof', 'old 23', 'old 24'],
    ['record-7.proof', 'index 7', 'index 8'],
    ['keys', 'spring', 'summer'],
  ])('agree that a changed `%s` is wrong', async (name, from, to) => {
    const path = join(given, name);
    const text = await readFile(path, 'utf8');
    expect(text).toContain(from);
    await writeFile(path, text.replace(from, to));
    try {
      expect(check().ok).toBe(false);
    } finally {
      await writeFile(path, text);
    }
  });

  test('a checkpoint that Go signed opens', () => {
    const output = execFileSync(join(build, 'audit-go'), ['sign', 'runner.example/go'], { encoding: 'utf8' });
    const [key = '', ...note] = output.split('\n');
    expect(openCheckpoint(note.join('\n'), [parseVerifier(key)])).toMatchObject({
      origin: 'runner.example/go',
      size: 0,
    });
  });
});
