import { describe, expect, test } from 'vitest';
import { ID, Session } from '../support/cli.ts';

const SCHEMA = JSON.stringify({
  headerRow: true,
  columns: [{ sourceHeader: 'a', targetHeader: 'a', type: 'cleartext' }],
});
const TABLE = 'a\nx\n-\n';
const OPTIONS = ['-s', 'schema.json', '--id', ID, '--allow-cleartext', '--output', 'out.csv'];
const start = (): Promise<Session> =>
  Session.start({ 'in.csv': TABLE, '-in.csv': TABLE, help: TABLE, 'schema.json': SCHEMA });

describe('arguments', () => {
  test.each([
    ['`--` ends the options', ['encrypt', ...OPTIONS, '--', '-in.csv']],
    ['an empty value of a short option', ['encrypt', 'in.csv', ...OPTIONS, '-r=']],
    ['a value with `=` of a short option', ['encrypt', 'in.csv', ...OPTIONS, '-r=-']],
    ['a value that follows a short option at once', ['encrypt', 'in.csv', ...OPTIONS, '-r-']],
    ['flags in one', ['encrypt', 'in.csv', ...OPTIONS, '-fn']],
    ['a boolean option twice', ['encrypt', 'in.csv', ...OPTIONS, '-f', '-f']],
    ['a file called help', ['encrypt', 'help', '-e', 'csv', ...OPTIONS]],
  ])('%s', async (_, argv) => {
    await using session = await start();
    expect(await session.run(argv)).toMatchObject({ code: 0 });
  });

  test('the text for nulls arrives as it was written', async () => {
    await using session = await start();
    const { err } = await session.run(['encrypt', 'in.csv', ...OPTIONS, '-r-', '-w=nothing']);
    expect(err).toContain('nulls: 1\n');
    expect((await session.text('out.csv')).split('\n').sort()).toContain('nothing');
  });

  test.each([
    ['--csv-input-null-value', '""'],
    ['--csv-input-null-value=""'],
    ['--csvInputNULLValue=""'],
    ['-r', '""'],
    ['-r=""'],
    ['-r""'],
  ])('a value keeps its quotes: %j %j', async (...words) => {
    await using session = await Session.start({ 'in.csv': 'a,b\n"",\n', 'schema.json': SCHEMA });
    expect((await session.run(['encrypt', 'in.csv', ...OPTIONS, ...words])).err).toContain('nulls: 1\n');
  });

  test('several texts for nulls are those of the file', async () => {
    await using session = await Session.start({ 'in.csv': 'a\nx\n-\nn/a\n""\nNULL\n', 'schema.json': SCHEMA });
    const texts = ['--csv-input-null-value', 'NULL', '-r', 'n/a', '-r=-'];
    const { err } = await session.run(['encrypt', 'in.csv', ...OPTIONS, ...texts, '-w=nothing']);
    expect(err).toContain('nulls: 3\n');
    expect((await session.run(['encrypt', 'in.csv', ...OPTIONS, ...texts, '-r=""', '-f'])).err).toContain('nulls: 4\n');
  });

  test.each([
    [['encrypt', 'in.csv', ...OPTIONS, '-s', 'other.json'], 'error: `-s` is given more than once\n'],
    [
      ['encrypt', 'in.csv', ...OPTIONS, '--threads', '1', '--threads=2'],
      'error: `--threads` is given more than once\n',
    ],
    [['encrypt', 'in.csv', '-s', 'schema.json', '-o='], 'error: `-o` needs a value\n'],
    [['encrypt', 'in.csv', ...OPTIONS, '--no-json'], 'error: unknown option `--no-json`\n'],
    [['encrypt', 'in.csv', ...OPTIONS, '-q=1'], 'error: unknown option `-q`\n'],
    [['encrypt', 'in.csv', ...OPTIONS, '--', '-r'], 'error: unexpected argument `-r`\n'],
    [['--debug', 'encrypt', 'in.csv'], 'error: options come after the command\nhint: write `sealroom encrypt` first'],
    [
      ['key', '--home', 'x', 'create'],
      'error: options come after the command\nhint: write `sealroom key create` first',
    ],
    [
      ['query', '--as', 'x', 'SELECT 1', '-f', 'a.sql'],
      'hint: `--file` names the file with a query, and `--overwrite`',
    ],
    [['encrpyt', 'in.csv', '--zzz'], 'error: `sealroom` has no command `encrpyt`\nhint: did you mean `encrypt`?\n'],
    [['help', 'encrpyt'], 'error: `sealroom` has no command `encrpyt`\nhint: did you mean `encrypt`?\n'],
  ])('%j is refused in words', async (argv, words) => {
    await using session = await start();
    const { code, err } = await session.run(argv);
    expect(err).toContain(words);
    expect(code).toBe(2);
    expect(await session.names()).not.toContain('out.csv');
  });

  test('`help` and `version` are commands, too', async () => {
    await using session = await start();
    const { out } = await session.run(['encrypt', '--help']);
    expect(out).toContain('sealroom encrypt <input>');
    expect(await session.run(['help', 'encrypt'])).toEqual({ code: 0, out, err: '' });
    expect(await session.run(['version'])).toEqual(await session.run(['--version']));
    expect((await session.run(['help'])).out).toBe((await session.run(['--help'])).out);
    expect((await session.run(['help', 'key', 'create'])).out).toContain('sealroom key create');
  });
});

describe('a query', () => {
  const CHECK = ['check', '--manifest', 'manifest.json', '--unsigned', '--as', 'shoes'];
  const SQL = 'SELECT region, SUM(cost) FROM impressions GROUP BY region';

  async function startWithManifest(files: Readonly<Record<string, string>> = {}): Promise<Session> {
    const { readFile } = await import('node:fs/promises');
    return Session.start({ 'manifest.json': await readFile('samples/room/manifest.json', 'utf8'), ...files });
  }

  test('is the same from an argument, a file and standard input', async () => {
    await using session = await startWithManifest({ 'q.sql': `\uFEFF${SQL};\r\n`, query: `${SQL}\n` });
    const given = await session.run([...CHECK, SQL, '--json']);
    const verdict = { ...JSON.parse(given.out), sql: '' } as unknown;
    const others = [
      await session.run([...CHECK, '--file', 'q.sql', '--json']),
      await session.run([...CHECK, '--file=query', '--json']),
      await session.run([...CHECK, '-', '--json'], { input: SQL }),
    ];
    for (const { out, code } of others) {
      expect({ ...JSON.parse(out), sql: '' }).toEqual(verdict);
      expect(code).toBe(given.code);
    }
  });

  test.each([
    [['q.sql'], 'error: `q.sql` is the name of a file, and not a query\nhint: write `--file q.sql`\n'],
    [['none.sql'], 'error: `none.sql` is the name of a file, and not a query\nhint: write `--file none.sql`\n'],
    [['query'], 'error: `query` is the name of a file, and not a query\n'],
    [['--file', 'none.sql'], 'error: none.sql: cannot read'],
    [['--file', 'empty.sql'], 'error: `empty.sql` has no query\n'],
    [['--file', 'key.txt'], 'error: `key.txt` does not begin like a query\n'],
    [['-'], 'error: standard input has no query\n'],
    [[''], 'error: the query is empty\n'],
    [[SQL, '--file', 'q.sql'], 'error: a query and `--file` cannot be combined\n'],
    [['--template', 't', '--file', 'q.sql'], 'error: a query and `--template` cannot be combined\n'],
    [[], 'error: missing query\n'],
  ])('%j is refused in words', async (argv, words) => {
    await using session = await startWithManifest({
      'q.sql': SQL,
      query: SQL,
      'empty.sql': '\uFEFF \r\n',
      'key.txt': 'top secret\n',
    });
    const { code, out, err } = await session.run([...CHECK, ...argv]);
    expect(err).toContain(words);
    expect(out).toBe('');
    expect([1, 2]).toContain(code);
  });

  test('may be only one, with or without a semicolon', async () => {
    await using session = await startWithManifest({ 'two.sql': `${SQL};\n${SQL};` });
    expect((await session.run([...CHECK, '--file', 'two.sql'])).out).toMatch(/^MULTI_STATEMENT: /m);
  });
});
