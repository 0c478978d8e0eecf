import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { ID, SECRET } from '../support/cli.ts';
import { HomeSession } from '../support/homes.ts';

const SEALED = JSON.stringify({
  headerRow: true,
  columns: [
    { sourceHeader: 'a', targetHeader: 'a', type: 'sealed', pad: { type: 'max', length: 0 } },
    { sourceHeader: 'b', targetHeader: 'b', type: 'cleartext' },
  ],
});
const JOINED = JSON.stringify({
  headerRow: true,
  columns: [{ sourceHeader: 'a', targetHeader: 'a', type: 'fingerprint' }],
});
const FILES = { 'in.csv': 'a,b\nada,1\ngrace,2\n', 's.json': SEALED, 'f.json': JOINED };
const ENCRYPT = ['encrypt', 'in.csv', '--id', ID, '--allow-cleartext'];

async function withTables(action: (home: HomeSession) => Promise<void>): Promise<void> {
  await using home = await HomeSession.start(FILES);
  await home.done(['key', 'create', '--id', ID, '--key', 'age:a.key']);
  await home.done([...ENCRYPT, '-s', 's.json', '-o', 'old.csv']);
  await home.done([...ENCRYPT, '-s', 'f.json', '-o', 'old.parquet']);
  await action(home);
}

async function sha256Of(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

describe('sealroom key rotate', () => {
  test('makes the next generation, under the same key or another, and tells which tables are older', () =>
    withTables(async (home) => {
      const rotated = await home.done(['key', 'rotate', '--id', ID, '--tables', '.', '--to', 'age:b.key', '--json']);
      const answer: unknown = JSON.parse(rotated.out);
      expect(answer).toMatchObject({
        generation: 2,
        key: `age:${home.path('b.key')}`,
        encryptAgain: [
          { file: home.path('old.csv'), generation: 1, needsOriginal: false },
          { file: home.path('old.parquet'), generation: 1, needsOriginal: true },
        ],
      });
      const words = await home.done(['key', 'rotate', '--id', ID, 'old.csv']);
      expect(words.err).toMatch(/^created generation 3 of .*age:.*b\.key$/m);
      expect(words.err).toMatch(/^encrypt again: `.*old\.csv`, generation 1$/m);
      expect(words.err).not.toContain('old.parquet');
      expect((await home.events()).filter(({ action }) => action === 'rotate')).toMatchObject([
        { generation: 2, purpose: 'rotate' },
        { generation: 3, purpose: 'rotate' },
      ]);
    }));

  test('--removed: says what the member still has', () =>
    withTables(async (home) => {
      const { err } = await home.done(['key', 'rotate', '--id', ID, '--removed', 'pub']);
      expect(err).toMatch(/^warning: `pub` can still open and test all its copies of tables with older generations$/m);
      expect((await home.events()).at(-1)).toMatchObject({ action: 'rotate', purpose: 'remove pub' });
    }));

  test('needs a secret to rotate, and the key to open it', async () => {
    await using home = await HomeSession.start(FILES);
    expect(await home.run(['key', 'rotate', '--id', ID])).toMatchObject({ code: 1 });
    await home.done(['key', 'create', '--id', ID, '--key', 'age:a.key']);
    expect(await home.run(['key', 'rotate', '--id', ID, '--key', 'age:b.key'])).toMatchObject({ code: 1 });
    expect(JSON.parse((await home.done(['key', 'show', '--json'])).out)).toMatchObject({
      envelopes: [{ generation: 1 }],
    });
  });
});

describe('tables of several generations', () => {
  test('decrypt takes the generation that a table names, until it is destroyed', () =>
    withTables(async (home) => {
      await home.done(['key', 'rotate', '--id', ID]);
      const old = await home.done(['decrypt', 'old.csv', '--id', ID, '-o', 'back.csv']);
      expect(old.err).toMatch(
        /^warning: the table has generation 1, and your home has a newer one: anyone who had its secret/m,
      );
      await home.done([...ENCRYPT, '-s', 's.json', '-o', 'new.csv']);
      expect((await home.done(['decrypt', 'new.csv', '--id', ID, '-o', 'new-back.csv'])).err).not.toMatch(
        /generation 2,/,
      );
      expect((await home.session.text('back.csv')).split('\n').sort()).toEqual(['', 'a,b', 'ada,1', 'grace,2']);
      await home.done(['decrypt', 'old.parquet', '--id', ID, '-o', 'back2.csv']);
      await home.done(['key', 'destroy', '--id', ID, '--generation', '1', '--yes']);
      const gone = await home.run(['decrypt', 'old.csv', '--id', ID, '-o', 'back3.csv']);
      expect(gone).toMatchObject({ code: 1 });
      expect(gone.err).toMatch(/there is no envelope for generation 1 of .*\nhint: the home has 2; use `--home`/);
    }));

  test('a sidecar of another file, another collaboration or another secret is an error that says so', () =>
    withTables(async (home) => {
      const { session } = home;
      await session.put('copy.csv', `${await session.text('old.csv')}\n`);
      await session.put('copy.csv.sealroom.json', await session.text('old.csv.sealroom.json'));
      const other = await home.run(['decrypt', 'copy.csv', '--id', ID, '-o', 'x.csv']);
      expect(other).toMatchObject({ code: 4 });
      expect(other.err).toMatch(/copy\.csv: the file is not the one that its sidecar describes, or was changed/);
      const foreign = await home.run(['decrypt', 'old.csv', '--id', ID.replaceAll('4', '5'), '-o', 'x.csv']);
      expect(foreign).toMatchObject({ code: 2 });
      const secret = await home.run(['decrypt', 'old.csv', '--id', ID, '-o', 'x.csv'], {
        env: { C3R_SHARED_SECRET: SECRET },
      });
      expect(secret).toMatchObject({ code: 1 });
      expect(secret.err).toMatch(/the table needs secret [0-9a-f]{32} of generation 1, got [0-9a-f]{32}/);
    }));

  test('standard output has no sidecar, and the summary says the generation', () =>
    withTables(async (home) => {
      const { out, err } = await home.done([...ENCRYPT, '-s', 's.json', '-o', '-', '--json']);
      expect(out.split('\n')[0]).toBe('a,b');
      expect(JSON.parse(err)).toMatchObject({ generation: 1, secretId: expect.stringMatching(/^[0-9a-f]{32}$/) });
      const sha256 = createHash('sha256').update(out).digest('hex');
      expect((await home.events()).at(-1)).toMatchObject({ action: 'lend', file: { sha256, rows: 2 } });
    }));

  test('the log names the protected files by their hashes, and a table without an event gets no name', () =>
    withTables(async (home) => {
      await home.done(['decrypt', 'old.csv', '--id', ID, '-o', 'back.csv']);
      const lent = (await home.events()).filter(({ action }) => action === 'lend');
      expect(lent.map(({ purpose, file }) => [purpose, file?.sha256])).toEqual([
        ['encrypt', await sha256Of(home.path('old.csv'))],
        ['encrypt', await sha256Of(home.path('old.parquet'))],
        ['decrypt', await sha256Of(home.path('old.csv'))],
      ]);
      // A log that was changed is not written to, and so nothing is done.
      await home.session.put('home/log/checkpoint', 'x\n');
      expect(await home.run(['decrypt', 'old.csv', '--id', ID, '-o', 'none.csv'])).toMatchObject({ code: 4 });
      expect(await home.session.names()).not.toContain('none.csv');
    }));
});

describe('sealroom reencrypt', () => {
  test('takes the passphrase of a keystore once, for both generations', async () => {
    await using home = await HomeSession.start(FILES);
    const passphrase = { input: 'grit laptop holiday\n' };
    const keystore = ['--id', ID, '--passphrase-fd', '0'];
    await home.done(['key', 'create', '--key', 'keystore:keys', ...keystore], passphrase);
    const encrypt = ['encrypt', 'in.csv', '-s', 's.json', '-o', 'old.csv', '--allow-cleartext'];
    await home.done([...encrypt, ...keystore], passphrase);
    await home.done(['key', 'rotate', ...keystore], passphrase);
    const { err } = await home.done(['reencrypt', 'old.csv', '-o', 'new.csv', ...keystore], passphrase);
    expect(err).toContain('generation: 2, was 1');
  });

  test('takes a table of sealed and cleartext columns to the newest generation', () =>
    withTables(async (home) => {
      await home.done(['key', 'rotate', '--id', ID]);
      const { err } = await home.done(['reencrypt', 'old.csv', '--id', ID, '-o', 'new.csv']);
      expect(err).toMatch(/^generation: 2, was 1$/m);
      await home.done(['key', 'destroy', '--id', ID, '--generation', '1', '--yes']);
      await home.done(['decrypt', 'new.csv', '--id', ID, '-o', 'back.csv']);
      expect((await home.session.text('back.csv')).split('\n').sort()).toEqual(['', 'a,b', 'ada,1', 'grace,2']);
      const lent = (await home.events()).filter(({ action, purpose }) => action === 'lend' && purpose === 'reencrypt');
      expect(lent.map(({ generation, file }) => [generation, file?.sha256])).toEqual([
        [1, await sha256Of(home.path('old.csv'))],
        [2, await sha256Of(home.path('new.csv'))],
      ]);
    }));

  test('takes one with fingerprints from its original', () =>
    withTables(async (home) => {
      await home.done(['key', 'rotate', '--id', ID]);
      const argv = ['reencrypt', 'old.parquet', '--id', ID, '-o', 'new.parquet'];
      const refused = await home.run(argv);
      expect(refused).toMatchObject({ code: 1 });
      expect(refused.err).toMatch(/^hint: give the table that was encrypted, and its schema/m);
      expect(await home.run([...argv, '--original', 'in.csv'])).toMatchObject({ code: 2 });
      await home.done([...argv, '--original', 'in.csv', '--schema', 'f.json']);
      expect(await home.session.names()).toContain('new.parquet');
    }));

  test('refuses a table of the newest generation, one of an unknown one, and a secret without an envelope', () =>
    withTables(async (home) => {
      expect(await home.run(['reencrypt', 'old.csv', '--id', ID, '-o', 'new.csv'])).toMatchObject({ code: 2 });
      await home.done(['key', 'rotate', '--id', ID]);
      await home.session.put('bare.csv', await home.session.text('old.csv'));
      const unknown = await home.run(['reencrypt', 'bare.csv', '--id', ID, '-o', 'new.csv']);
      expect(unknown).toMatchObject({ code: 2 });
      expect(unknown.err).toMatch(/^hint: give it with `--from <generation>`/m);
      const env = { C3R_SHARED_SECRET: SECRET };
      expect(await home.run(['reencrypt', 'bare.csv', '--id', ID, '-o', 'new.csv'], { env })).toMatchObject({
        code: 2,
      });
      expect(await home.session.names()).not.toContain('new.csv');
      await home.done(['reencrypt', 'bare.csv', '--id', ID, '-o', 'new.csv', '--from', '1']);
    }));
});
