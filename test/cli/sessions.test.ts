import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chmod, mkdir, stat, truncate } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { ID, type Outcome, SECRET, Session } from '../support/cli.ts';

const TABLE = 'Email,City,Note\nann@example.com,Bern,"says ""hi"", twice"\nbob@example.com,,x\n';
const SCHEMA = JSON.stringify({
  headerRow: true,
  columns: [
    { sourceHeader: 'email', targetHeader: 'email', type: 'fingerprint' },
    { sourceHeader: 'note', targetHeader: 'note', type: 'sealed', pad: { type: 'max', length: 0 } },
    { sourceHeader: 'city', targetHeader: 'city', type: 'cleartext' },
  ],
});
const FILES = { 'in.csv': TABLE, 'schema.json': SCHEMA };
const ENCRYPT = ['encrypt', 'in.csv', '--schema', 'schema.json', '--id', ID, '--allow-cleartext'];
const VALUES = /ann@|bob@|Bern|says|AAECAw/;

/** What every failure has in common: its exit code, one error line, no value, no output, no temporary file. */
async function expectFailure(session: Session, outcome: Outcome, code: number, message: RegExp): Promise<void> {
  const before = ['in.csv', 'schema.json'];
  expect(outcome.err).toMatch(message);
  expect(outcome.code).toBe(code);
  expect(outcome.err.split('\n').filter((line) => line.startsWith('error:'))).toHaveLength(1);
  expect(outcome.err).not.toMatch(VALUES);
  expect(outcome.err).not.toMatch(/\n\s+at /);
  expect((await session.names()).filter((name) => /out|tmp/.test(name) && !before.includes(name))).toEqual([]);
}

describe('encrypt and decrypt', () => {
  test('a table comes back as it was, with its fingerprints', async () => {
    await using session = await Session.start(FILES);
    const encrypted = await session.run(ENCRYPT);
    expect(encrypted).toMatchObject({ code: 0, out: '' });
    expect(encrypted.err).toMatch(
      /^wrote in\.out\.csv .*\nrows: 2 from .*\ncolumns: 1 sealed, 1 fingerprint, 1 cleartext\nnulls: 1\n/m,
    );
    const text = await session.text('in.out.csv');
    expect(text).not.toMatch(/ann@|says/);
    expect(text.split('\n')[0]).toBe('email,note,city');
    expect((await stat(session.path('in.out.csv'))).mode & 0o777).toBe(0o600);

    const decrypted = await session.run(['decrypt', 'in.out.csv', '--id', ID, '-o', 'back.csv']);
    expect(decrypted.code).toBe(0);
    expect(decrypted.err).toMatch(/warning: 1 fingerprint column/);
    const rows = (await session.text('back.csv')).trim().split('\n').slice(1).sort();
    expect(rows.map((row) => row.replace(/^02:hmac:[^,]+/, 'F')).sort()).toEqual([
      'F,"says ""hi"", twice",Bern',
      'F,x,',
    ]);
  });

  test('`-` reads standard input and writes standard output', async () => {
    await using session = await Session.start(FILES);
    const argv = ['encrypt', '-', '-s', 'schema.json', '--id', ID, '--allow-cleartext', '-e', 'csv'];
    const encrypted = await session.run(argv, { input: TABLE });
    expect(encrypted.code).toBe(0);
    expect(encrypted.out.split('\n')[0]).toBe('email,note,city');
    const decrypted = await session.run(['decrypt', '-', '--id', ID, '-e', 'csv', '-o', '-'], { input: encrypted.out });
    expect(decrypted.out).toMatch(/"says ""hi"", twice",Bern/);
    expect(await session.names()).toEqual(['in.csv', 'schema.json']);
  });

  test('formats follow the extensions, CSV to Parquet to Arrow to CSV', async () => {
    await using session = await Session.start(FILES);
    expect((await session.run([...ENCRYPT, '-o', 'x.parquet'])).code).toBe(0);
    expect((await session.run(['decrypt', 'x.parquet', '--id', ID, '-o', 'x.arrow'])).code).toBe(0);
    expect((await session.run(['decrypt', 'x.arrow', '--id', ID, '-o', 'x.csv'])).code).toBe(0);
    expect(await session.text('x.csv')).toMatch(/"says ""hi"", twice",Bern/);
  });

  test("the reference's option spellings are accepted", async () => {
    await using session = await Session.start(FILES);
    const outcome = await session.run([
      ...ENCRYPT,
      '--csvInputNULLValue=Bern',
      '--csvOutputNULLValue=NULL',
      '--fileFormat=CSV',
      '--tempDir=.',
      '--overwrite=true',
      '--dryRun=false',
      '--enableStackTraces=false',
    ]);
    expect(outcome).toMatchObject({ code: 0 });
    const cities = (await session.text('in.out.csv'))
      .trim()
      .split('\n')
      .map((row) => row.split(',').at(-1));
    // Bern is the null, written as NULL; the blank is an empty text, written as nothing.
    expect(cities.sort()).toEqual(['', 'NULL', 'city']);
    expect((await session.run(['decrypt', 'in.out.csv', '--id', ID, '--fof'])).code).toBe(3);
  });

  test('--json prints one object, errors too', async () => {
    await using session = await Session.start(FILES);
    const outcome = await session.run([...ENCRYPT, '--json']);
    expect(JSON.parse(outcome.out)).toMatchObject({
      rows: 2,
      nulls: 1,
      columns: { sealed: 1, fingerprint: 1, cleartext: 1 },
    });
    expect(outcome.err).toBe('');
    const failed = await session.run([...ENCRYPT, '--json']);
    expect(failed.code).toBe(1);
    expect(JSON.parse(failed.err)).toMatchObject({ error: { code: 'IO_EXISTS' } });
  });

  test('progress shows on a terminal and nowhere else', async () => {
    await using session = await Session.start(FILES);
    expect((await session.run(ENCRYPT)).err).not.toContain('rows/s | ');
    expect((await session.run([...ENCRYPT, '-f'], { isTerminal: true })).err).toContain('encrypt');
  });

  test('help and version exit 0 and show no secret flag', async () => {
    await using session = await Session.start();
    const help = await session.run(['encrypt', '--help']);
    expect(help).toMatchObject({ code: 0, err: '' });
    expect(help.out).toMatch(/--schema/);
    expect(help.out).not.toMatch(/--secret/);
    expect((await session.run(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('a dry run checks everything and writes nothing', async () => {
    await using session = await Session.start(FILES);
    const outcome = await session.run([...ENCRYPT, '--allow-duplicates=false', '-n']);
    expect(outcome).toMatchObject({ code: 0 });
    expect(outcome.err).toMatch(/dry run/);
    await session.put('in.csv', `${TABLE}ann@example.com,Basel,y\n`);
    const refused = await session.run([...ENCRYPT, '--dry-run']);
    await expectFailure(session, refused, 3, /^error: in\.csv, column `email`: rows 1 and 3 hold the same value/);
  });
});

describe('the shared secret', () => {
  test('comes from a file that only its owner can read', async () => {
    await using session = await Session.start({ ...FILES, 'secret.txt': `${SECRET}\n` });
    await chmod(session.path('secret.txt'), 0o600);
    const env = { SEALROOM_SECRET_FILE: session.path('secret.txt') };
    expect((await session.run([...ENCRYPT, '-o', 'a.csv'], { env })).code).toBe(0);
    await chmod(session.path('secret.txt'), 0o644);
    await expectFailure(
      session,
      await session.run(ENCRYPT, { env }),
      1,
      /secret\.txt: the secret file is open to other users/,
    );
    const missing = { SEALROOM_SECRET_FILE: session.path('none.txt') };
    await expectFailure(
      session,
      await session.run(ENCRYPT, { env: missing }),
      1,
      /none\.txt: cannot read the secret file: no such file/,
    );
    const both = { ...env, C3R_SHARED_SECRET: SECRET };
    await expectFailure(
      session,
      await session.run(ENCRYPT, { env: both }),
      1,
      /C3R_SHARED_SECRET and SEALROOM_SECRET_FILE are both set/,
    );
  });

  test.each([
    [undefined, /the secret of 0{8}-1111-2222-3333-4{12} is neither in the environment nor in the home/],
    ['', /shared secret too short: at least 32 bytes, got 0/],
    ['AAECAwQFBgcICQ==', /shared secret too short: at least 32 bytes, got 10/],
    [`${SECRET}\n`, /the shared secret is not Base64/],
    [SECRET.replaceAll('A', '_'), /the shared secret is not Base64/],
  ])('is refused when it is %j', async (secret, message) => {
    await using session = await Session.start(FILES);
    const env = secret === undefined ? { SEALROOM_HOME: session.path('none') } : { C3R_SHARED_SECRET: secret };
    await expectFailure(session, await session.run(ENCRYPT, { env }), 1, message);
  });

  test('that is wrong, or an id that is wrong, is an integrity failure', async () => {
    await using session = await Session.start(FILES);
    await session.run([...ENCRYPT, '-o', 'x.csv']);
    const env = { C3R_SHARED_SECRET: SECRET.replace('AAEC', 'BBEC') };
    const wrong =
      /^error: x\.csv, row 1, column `note`: a sealed cell could not be opened: wrong secret, wrong collaboration id, or changed/;
    await expectFailure(session, await session.run(['decrypt', 'x.csv', '--id', ID], { env }), 4, wrong);
    const id = ID.replace('1111', '1112');
    await expectFailure(session, await session.run(['decrypt', 'x.csv', '--id', id]), 4, wrong);
  });
});

describe('usage errors exit 2', () => {
  test.each([
    [[], /`sealroom` needs a command/],
    [['frobnicate'], /`sealroom` has no command `frobnicate`/],
    [['doctor'], /`sealroom` has no command `doctor`\nhint: did you mean `sealroom key doctor`\?/],
    [[...ENCRYPT, '--threads', '0'], /^error: `--threads` must be a whole number from 1 to 256, got 0\n/],
    [[...ENCRYPT, '-r'], /`-r` needs a value/],
    [['encrypt', 'in.csv', '--id', ID], /`sealroom encrypt` needs `--schema`/],
    [['encrypt', '--schema', 'schema.json', '--id', ID], /`sealroom encrypt` needs `<input>`/],
    [[...ENCRYPT, '--secret', 'x'], /unknown option `--secret`/],
    [[...ENCRYPT, '--kernel', 'gpu'], /unknown value `gpu` for `--kernel`/],
    [[...ENCRYPT, '--kernel', 'wsam'], /unknown value `wsam` for `--kernel`\nhint: did you mean `wasm`\?/],
    [[...ENCRYPT, '-e', 'xlsx'], /unknown format `xlsx` for `--file-format`\nhint: use csv, parquet or arrow/],
    [
      ['encrypt', 'in.csv', '-s', 'schema.json', '--id', '1-2-3-4-5', '--allow-cleartext'],
      /the collaboration id must be a UUID/,
    ],
    [[...ENCRYPT, '--settings', 'settings.json'], /the settings come from more than one source/],
    [[...ENCRYPT, '--region', 'eu-west-1'], /`--profile` and `--region` need `--from-clean-rooms`/],
    [[...ENCRYPT, '-o', 'x.parquet', '-w', 'NULL'], /`--csv-output-null-value` needs CSV/],
  ])('%j', async (argv, message) => {
    await using session = await Session.start(FILES);
    await expectFailure(session, await session.run(argv), 2, message);
  });
});

describe('rules exit 3', () => {
  test('cleartext columns are refused unless the settings allow them', async () => {
    await using session = await Session.start(FILES);
    const argv = ENCRYPT.filter((argument) => argument !== '--allow-cleartext');
    await expectFailure(session, await session.run(argv), 3, /the collaboration forbids cleartext columns: `city`/);
  });

  test('two nulls are duplicates unless nulls are preserved', async () => {
    await using session = await Session.start({ ...FILES, 'in.csv': 'email,city,note\n,a,b\n,c,d\n' });
    await expectFailure(
      session,
      await session.run(ENCRYPT),
      3,
      /column `email`: rows \d+ and \d+ are null, and the collaboration forbids duplicates/,
    );
    expect((await session.run([...ENCRYPT, '--preserve-nulls'])).code).toBe(0);
  });
});

describe('broken input exits 1 and leaves nothing', () => {
  test.each([
    ['a missing file', ['encrypt', 'none.csv', ...ENCRYPT.slice(2)], /^error: none\.csv: cannot read: no such file/],
    ['an empty folder', ['encrypt', 'folder', ...ENCRYPT.slice(2)], /^error: folder: the folder has no files/],
    [
      'an unknown extension',
      ['encrypt', 'schema.json', ...ENCRYPT.slice(2)],
      /unknown table format: the name must end in \.csv/,
    ],
    [
      'a missing schema',
      ['encrypt', 'in.csv', '-s', 'none.json', '--id', ID],
      /^error: none\.json: cannot read: no such file/,
    ],
    ['a CSV as Parquet', [...ENCRYPT, '-e', 'parquet', '-o', 'x.csv'], /^error: in\.csv: not a readable Parquet file/],
    ['a CSV as Arrow', [...ENCRYPT, '-e', 'arrow', '-o', 'x.csv'], /^error: in\.csv: not a readable Arrow stream/],
    [
      'Parquet from standard input',
      ['decrypt', '-', '--id', ID, '-e', 'parquet'],
      /Parquet cannot be read from a stream/,
    ],
    ['the input as output', [...ENCRYPT, '-o', 'in.csv', '-f'], /the output is the same file as the input/],
    ['a directory as output', [...ENCRYPT, '-o', 'folder', '--output-format', 'csv'], /the output is a directory/],
    [
      'no directory for the output',
      [...ENCRYPT, '-o', 'none/x.csv'],
      /none\/x\.csv: cannot write: no such file or directory/,
    ],
    ['an existing output', [...ENCRYPT, '-o', 'schema.json', '--output-format', 'csv'], /the output already exists/],
    [
      'a temporary directory that is not there',
      [...ENCRYPT, '-d', 'none'],
      /^error: none: cannot write: no such file or directory/,
    ],
  ])('%s', async (_, argv, message) => {
    await using session = await Session.start(FILES);
    await mkdir(session.path('folder'));
    await expectFailure(session, await session.run(argv), 1, message);
  });

  test.each([
    [
      'too few fields',
      'email,city,note\na,b,c\nd,e\n',
      /^error: in\.csv:3: expected 3 fields as in the first line, got 2/,
    ],
    [
      'too many fields',
      'email,city,note\na,"b\nb",c\nd,e,f,g\n',
      /^error: in\.csv:4: expected 3 fields as in the first line, got 4/,
    ],
    ['an empty file', '', /^error: in\.csv: the file is empty/],
    ['a missing source column', 'email,city\na,b\n', /^error: in\.csv: the table has no column `note`/],
    [
      'a duplicate header',
      'email,city,note,EMAIL \na,b,c,d\n',
      /^error: in\.csv: columns 1 and 4 have the same header `email`/,
    ],
    [
      'bytes that are not UTF-8',
      Uint8Array.of(...Buffer.from('email,city,note\na,b,'), 0xff, 0x0a),
      /^error: in\.csv:2: text is not valid UTF-8/,
    ],
    [
      'a value over the cell limit',
      `email,city,note\na,${'b'.repeat(16384)},c\n`,
      /^error: in\.csv, row 1, column `city`: cell too long: at most 16383 bytes/,
    ],
    [
      'a value with no room for its pad',
      `email,city,note\na,b,${'c'.repeat(12000)}\n`,
      /column `note`: no room for padding/,
    ],
  ])('%s', async (_, table, message) => {
    await using session = await Session.start({ ...FILES, 'in.csv': table });
    await expectFailure(session, await session.run(ENCRYPT), 1, message);
  });

  test('a header that breaks the naming rule is refused only if it is used', async () => {
    await using session = await Session.start({ ...FILES, 'in.csv': 'email,city,note,é-mail,\na,b,c,d,e\n' });
    expect((await session.run(ENCRYPT)).code).toBe(0);
  });

  test('a value longer than its fixed pad names row and column, not the value', async () => {
    const schema = SCHEMA.replace('"max","length":0', '"fixed","length":4');
    await using session = await Session.start({ ...FILES, 'schema.json': schema });
    const message =
      /^error: in\.csv, row 1, column `note`: no room for padding: the encoded value must be at most 4 bytes, got 17\nhint: the type byte counts/;
    await expectFailure(session, await session.run(ENCRYPT), 1, message);
  });

  test('a truncated Parquet file', async () => {
    await using session = await Session.start(FILES);
    await session.run([...ENCRYPT, '-o', 'x.parquet']);
    const { size } = await stat(session.path('x.parquet'));
    await truncate(session.path('x.parquet'), Math.floor(size * 0.6));
    await expectFailure(
      session,
      await session.run(['decrypt', 'x.parquet', '--id', ID]),
      1,
      /x\.parquet: not a readable Parquet file/,
    );
  });

  test.each([
    ['a changed cell', (cell: string) => cell.replace(/.{8}$/, 'AAAAAAA='), /could not be opened/],
    ['a truncated cell', (cell: string) => cell.slice(0, 40), /^error: x\.csv, row 2, column `c`: /],
    [
      'a cell that is not Base64',
      (cell: string) => `${cell.slice(0, 30)}*${cell.slice(31)}`,
      /^error: x\.csv, row 2, column `c`: /,
    ],
    ['a cell of a later version', (cell: string) => cell.replace('02:', '07:'), /version/],
  ])('%s is an integrity failure at its row', async (_, spoil, message) => {
    await using session = await Session.start({
      'in.csv': 'c\nsays\n',
      'schema.json': '{headerRow:true,columns:[{sourceHeader:"c",targetHeader:"c",type:"sealed",pad:{type:"none"}}]}',
    });
    await session.run(['encrypt', 'in.csv', '-s', 'schema.json', '--id', ID, '-o', 'y.csv']);
    const [, cell = ''] = (await session.text('y.csv')).split('\n');
    await session.put('x.csv', `c\n${cell}\n${spoil(cell)}\n`);
    await expectFailure(session, await session.run(['decrypt', 'x.csv', '--id', ID]), 4, message);
  });

  test('a blank header on decryption', async () => {
    await using session = await Session.start({ 'x.csv': 'h,\n1,2\n' });
    await expectFailure(session, await session.run(['decrypt', 'x.csv', '--id', ID]), 1, /column 2 has a blank header/);
  });

  test('a signal stops it', async () => {
    await using session = await Session.start(FILES);
    const outcome = await session.run(ENCRYPT, { signal: AbortSignal.abort() });
    await expectFailure(session, outcome, 1, /stopped; no output was written/);
  });

  test('--debug adds the stack', async () => {
    await using session = await Session.start(FILES);
    const outcome = await session.run(['encrypt', 'none.csv', ...ENCRYPT.slice(2), '--debug']);
    expect(outcome.err).toMatch(/\n\s+at /);
  });
});

describe('-v', () => {
  // In C3R it prints stack traces, elsewhere the version.
  test.each([
    ['after a command', ['encrypt', 'none.csv', ...ENCRYPT.slice(2), '-v']],
    ['after a command that has no stack traces', ['key', 'show', '-v']],
    ['before a command', ['-v', 'encrypt', 'none.csv']],
    ['alone', ['-v']],
  ])('%s is no option, and prints no stack', async (_, argv) => {
    await using session = await Session.start(FILES);
    const { code, out, err } = await session.run(argv);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).toMatch(
      /^error: unknown option `-v`\nhint: `--version` prints the version, and `--debug` stack traces/,
    );
    expect(err).not.toMatch(/\n\s+at /);
  });

  test('is in no help, and help says what `--debug` may show', async () => {
    await using session = await Session.start();
    for (const command of ['encrypt', 'decrypt', 'reencrypt', 'schema']) {
      const { out } = await session.run([command, '--help']);
      expect(out).not.toMatch(/-v\b/);
      expect(out.replace(/\s+/g, ' ')).toMatch(
        /--debug, --enable-stack-traces .*they may show paths and values of the table/,
      );
    }
  });
});

describe('settings', () => {
  const settings = {
    allowCleartext: true,
    allowDuplicates: true,
    allowJoinsOnColumnsWithDifferentNames: true,
    preserveNulls: true,
  };

  test('come from a file', async () => {
    await using session = await Session.start({ ...FILES, 'settings.json': JSON.stringify(settings) });
    const argv = [...ENCRYPT.slice(0, 6), '--settings', 'settings.json'];
    expect(await session.run(argv)).toMatchObject({ code: 0 });
    await session.put('settings.json', '{"allowCleartext": "yes"}');
    const outcome = await session.run([...argv, '-o', 'y.csv']);
    expect(outcome.code).toBe(2);
    expect(outcome.err).toMatch(/settings\.json/);
  });

  test('come from AWS Clean Rooms', async () => {
    await using session = await Session.start(FILES);
    const asked: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url);
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ collaboration: { id: ID, dataEncryptionMetadata: settings } }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const names = ['AWS_ENDPOINT_URL', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] as const;
    const before = names.map((name) => process.env[name]);
    try {
      const { port } = server.address() as AddressInfo;
      Object.assign(process.env, {
        AWS_ENDPOINT_URL: `http://127.0.0.1:${String(port)}`,
        AWS_ACCESS_KEY_ID: 'a',
        AWS_SECRET_ACCESS_KEY: 'b',
      });
      const argv = [...ENCRYPT.slice(0, 6), '--from-clean-rooms', '--region', 'eu-west-1'];
      expect(await session.run(argv)).toMatchObject({ code: 0 });
      expect(asked).toEqual([`/collaborations/${ID}`]);
    } finally {
      names.forEach((name, index) => {
        if (before[index] === undefined) Reflect.deleteProperty(process.env, name);
        else process.env[name] = before[index];
      });
      server.close();
    }
  });
});
