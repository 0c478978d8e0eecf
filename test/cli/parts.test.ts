import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { ID, Session } from '../support/cli.ts';
import { HomeSession } from '../support/homes.ts';

const SCHEMA = JSON.stringify({
  headerRow: true,
  columns: [
    { sourceHeader: 'mail', targetHeader: 'mail', type: 'sealed', pad: { type: 'max', length: 0 } },
    { sourceHeader: 'city', targetHeader: 'city', type: 'cleartext' },
  ],
});
const ENCRYPT = ['--id', ID, '--allow-cleartext', '--allow-duplicates', '-s', 'schema.json'];
const FILES = { 'a.csv': 'mail\na@x.example\nb@x.example\n', 'b.csv': 'mail\nc@x.example\n' };

async function putParts(session: { path(name: string): string }): Promise<void> {
  for (const [index, [name, text]] of Object.entries(FILES).entries()) {
    const folder = session.path(`in/city=C${String(index)}`);
    await mkdir(folder, { recursive: true });
    await writeFile(`${folder}/${name}`, text);
  }
}

const rowsOf = (text: string): string[] => text.split('\n').slice(1, -1).sort();
const ROWS = ['a@x.example,C0', 'b@x.example,C0', 'c@x.example,C1'];

describe('a folder of files', () => {
  test('is encrypted into another one, and decrypted from it', async () => {
    await using session = await Session.start({ 'schema.json': SCHEMA });
    await putParts(session);
    for (const format of ['csv', 'parquet']) {
      const out = `out-${format}`;
      const argv = ['encrypt', 'in', ...ENCRYPT, '-o', `${out}/`, '--rows-per-file', '2', '--output-format', format];
      expect(await session.run(argv)).toMatchObject({ code: 0, out: '' });
      expect(await readdir(session.path(out))).toEqual([`part-00000.${format}`, `part-00001.${format}`]);
      const opened = await session.run(['decrypt', `${out}/*`, '--id', ID, '-o', '-', '--output-format', 'csv']);
      expect(rowsOf(opened.out)).toEqual(ROWS);
    }
  });

  test('has errors with the file and its row', async () => {
    await using session = await Session.start({ 'schema.json': SCHEMA.replace('"cleartext"', '"fingerprint"') });
    await putParts(session);
    await session.put('in/city=C1/b.csv', 'mail\nx\nbad \u0000\n');
    const { code, err } = await session.run([
      'encrypt',
      'in/*/*.csv',
      ...ENCRYPT.filter((each) => each !== '--allow-duplicates'),
      '-o',
      'o.csv',
    ]);
    expect(code).toBe(3);
    // Equal rows are counted through the whole table.
    expect(err).toMatch(/^error: in\/\*\/\*\.csv.*rows 1 and 2/m);
    await session.put('bad/a.csv', '').catch(() => mkdir(session.path('bad')));
    const cell = '02:enc:AAAA';
    await session.put('bad/a.csv', 'mail\nx\n');
    await session.put('bad/b.csv', `mail\nx\ny\n${cell}\n`);
    const opened = await session.run(['decrypt', 'bad', '--id', ID, '-o', 'o.csv']);
    expect(opened.err).toMatch(/^error: bad\/b\.csv, row 3, column `mail`: /m);
    expect(await session.names()).not.toContain('o.csv');
  });

  test('is not the place of its output, and needs one', async () => {
    await using session = await Session.start({ 'schema.json': SCHEMA });
    await putParts(session);
    const inside = await session.run(['encrypt', 'in', ...ENCRYPT, '-o', 'in/out.csv']);
    expect(inside).toMatchObject({ code: 1 });
    expect(inside.err).toContain('the output is in the folder of the input');
    expect(await session.run(['encrypt', 'in', ...ENCRYPT])).toMatchObject({ code: 2 });
    expect(await session.run(['encrypt', 'in', ...ENCRYPT, '-o', 'out/'])).toMatchObject({ code: 2 });
    expect(await session.run(['encrypt', 'in', ...ENCRYPT, '-o', '-', '--rows-per-file', '1'])).toMatchObject({
      code: 2,
    });
    expect(await session.run(['encrypt', 'in', ...ENCRYPT, '-o', 'out', '--rows-per-file', '0'])).toMatchObject({
      code: 2,
    });
  });
});

test.each(['csv', 'parquet'])('a signed folder is checked as one table, with its secret: %s', async (format) => {
  await using home = await HomeSession.start({ 'schema.json': SCHEMA });
  await putParts(home);
  await home.done(['member', 'init', '--id', 'brand']);
  await home.done(['key', 'create', '--id', ID, '--key', 'age:a.key']);
  await home.done([
    'encrypt',
    'in',
    ...ENCRYPT,
    '-o',
    'out',
    '--rows-per-file',
    '1',
    '--output-format',
    format,
    '--sign',
  ]);
  await home.done(['key', 'rotate', '--id', ID]);
  const { err } = await home.done(['decrypt', 'out', '--id', ID, '-o', 'plain.csv']);
  expect(err).toMatch(/^signed by ed25519:/m);
  expect(rowsOf(await readFile(home.path('plain.csv'), 'utf8'))).toEqual(ROWS);
  // In another order it is the same table; without one of its files it is not.
  await rename(home.path(`out/part-00000.${format}`), home.path(`out/part-00009.${format}`));
  const moved = await home.run(['decrypt', 'out', '--id', ID, '-o', 'p.csv']);
  expect(moved.code).toBe(format === 'csv' ? 4 : 0);
  await rm(home.path(`out/part-00001.${format}`));
  expect(await home.run(['decrypt', 'out', '--id', ID, '-o', 'q.csv'])).toMatchObject({ code: 4 });
});

describe('for AWS', () => {
  const aws = async (target: string, output: string): Promise<{ code: number; err: string }> => {
    await using session = await Session.start({
      'schema.json': SCHEMA.replace('"targetHeader":"mail"', `"targetHeader":${JSON.stringify(target)}`),
      'in.csv': 'mail,city\nx,y\n',
    });
    const outcome = await session.run(['encrypt', 'in.csv', ...ENCRYPT, '--target', 'aws', '-o', output]);
    expect((await session.names()).includes(output)).toBe(outcome.code === 0);
    return outcome;
  };

  test('F-134 names that Glue refuses are refused, before anything is written', async () => {
    expect(await aws('mail', 'out.parquet')).toMatchObject({ code: 0 });
    expect((await aws('my-mail', 'out.csv')).err).toContain('column `my-mail`: for AWS, a name has only a to z');
    expect((await aws('m'.repeat(128), 'out.csv')).err).toContain('at most 127 characters, got 128');
    expect((await aws('mail', 'out.arrow')).err).toContain('AWS reads no Arrow tables');
  });
});
