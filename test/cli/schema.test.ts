import { createServer } from 'node:http';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { schemaCommand } from '#cli/commands/schema';
import { prepareArguments } from '#cli/grammar/arguments';
import { declareCommand } from '#cli/grammar/declarations';
import { install } from '#cli/grammar/install';
import { createParser } from '#cli/grammar/parser';
import { usageOf } from '#cli/usage-error';
import { SealroomError } from '#src/errors/sealroom-error';
import { describeTableSchema, parseTableSchema } from 'sealroom/schema';

const PARQUET = new URL('../vectors/c3r/files/parquet-types/input.parquet', import.meta.url);

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sealroom-schema-'));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true });
});

interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `sealroom schema …` in the temporary directory, with `answers` as standard input. */
async function run(args: readonly string[], answers = ''): Promise<Outcome> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  stdin.end(answers);
  const head = { command: 'schema <input>', describe: '' };
  const module = schemaCommand({ argv: [], env: {}, cwd: directory, stdin, stdout, stderr });
  const command = declareCommand(head, module);
  const argv = prepareArguments(['schema', ...args], command);
  const parser = createParser({ argv, command, usage: usageOf(command) });
  const { handler } = command;
  await install(parser, command, { isShown: false, run: async (_, read) => handler(read as never) }).parseAsync();
  return { stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') };
}

async function catchError(act: Promise<unknown>): Promise<SealroomError> {
  try {
    await act;
  } catch (error) {
    if (error instanceof SealroomError) return error;
    throw error;
  }
  return expect.fail('expected an error, got none');
}

async function save(name: string, lines: readonly string[]): Promise<void> {
  await writeFile(join(directory, name), lines.map((line) => `${line}\n`).join(''));
}

async function load(name: string): Promise<string> {
  return readFile(join(directory, name), 'utf8');
}

async function describeFile(name: string): Promise<string> {
  return describeTableSchema(parseTableSchema(await load(name)));
}

const CUSTOMERS = [
  'Email,Region,Amount,Note',
  ...Array.from(
    { length: 40 },
    (_, i) => `p${String(i)}@example.org,${i % 2 === 0 ? 'north' : 'south'},${String(i)}.50,remark number ${String(i)}`,
  ),
];

describe('templates', () => {
  test('are written beside nothing else, readable by their owner only', async () => {
    await save('data.csv', ['A,b c']);
    const { stdout, stderr } = await run(['data.csv', '--template']);
    expect(JSON.parse(await load('data.csv.json'))).toMatchObject({
      headerRow: true,
      columns: [
        { sourceHeader: 'a', type: '[sealed|fingerprint|cleartext]' },
        { sourceHeader: 'b c', type: '[sealed|fingerprint|cleartext]' },
      ],
    });
    expect(stdout).toBe('');
    expect(stderr).toContain('wrote the table schema to `data.csv.json`');
    expect((await stat(join(directory, 'data.csv.json'))).mode & 0o777).toBe(0o600);
    expect((await readdir(directory)).sort()).toEqual(['data.csv', 'data.csv.json']);
  });

  test('go into the current directory, wherever the input is', async () => {
    await mkdir(join(directory, 'in'));
    await save('in/data.csv', ['a']);
    await run(['in/data.csv', '-t']);
    expect(await load('data.csv.json')).toContain('"sourceHeader": "a"');
  });

  test('offer no cleartext where it is not allowed', async () => {
    await save('data.csv', ['a']);
    await run(['data.csv', '-t', '--allow-cleartext=false', '-o', 'out.json']);
    expect(await load('out.json')).toContain('"type": "[sealed|fingerprint]"');
  });

  test.each(['--no-headers', '--noHeaders', '-p'])('find columns by place with %s', async (flag) => {
    await save('data.csv', ['1,2', '3,4']);
    await run(['data.csv', '-t', flag]);
    expect(JSON.parse(await load('data.csv.json'))).toMatchObject({
      headerRow: false,
      columns: [[{ targetHeader: '_c0' }], [{ targetHeader: '_c1' }]],
    });
  });

  test.each(['--file-format=csv', '--fileFormat=CSV', '-e=csv'])('read any file name with %s', async (flag) => {
    await save('data.txt', ['a']);
    await run(['data.txt', '-t', flag]);
    expect(await load('data.txt.json')).toContain('"sourceHeader": "a"');
  });

  test('know the types of Parquet columns', async () => {
    await copyFile(PARQUET, join(directory, 'data.parquet'));
    await run(['data.parquet', '-t']);
    const text = await load('data.parquet.json');
    expect(text).toContain('"[sealed|fingerprint|cleartext]"');
    expect(text).toContain('"[sealed|cleartext]"');
  });

  test('propose a target header for a column whose header cannot be one', async () => {
    await save('data.csv', ['E-Mail Address,c,e_mail_address']);
    await run(['data.csv', '-t']);
    expect(JSON.parse(await load('data.csv.json'))).toMatchObject({
      columns: [
        { sourceHeader: 'e-mail address', targetHeader: 'e_mail_address' },
        { sourceHeader: 'c', targetHeader: 'c' },
        { sourceHeader: 'e_mail_address', targetHeader: 'e_mail_address_2' },
      ],
    });
  });

  test('are printed with --output -', async () => {
    await save('data.csv', ['a']);
    const { stdout } = await run(['data.csv', '-t', '-o', '-']);
    expect(JSON.parse(stdout)).toHaveProperty('headerRow', true);
    expect(await readdir(directory)).toEqual(['data.csv']);
  });

  test('are made of standard input', async () => {
    await run(['-', '-t', '-e', 'csv', '-o', 'out.json'], 'a,b\n1,2\n');
    expect(await load('out.json')).toContain('"sourceHeader": "b"');
  });
});

describe('suggestions', () => {
  test('are written with their reasons and parse as they are', async () => {
    await save('data.csv', CUSTOMERS);
    const { stderr } = await run(['data.csv', '--suggest']);
    expect(await describeFile('data.csv.json')).toBe(
      'email (email) -> email_fingerprint fingerprint, email -> email_sealed sealed, region -> region cleartext, amount -> amount cleartext, note -> note_sealed sealed',
    );
    expect(await load('data.csv.json')).toContain('"COMMENT": "e-mail addresses, nearly all different');
    expect(stderr).toContain('column `email`: fingerprint and sealed: e-mail addresses');
    expect(stderr).toContain('warning: column `region`: frequency analysis breaks a fingerprint of it');
    expect(stderr).toContain('this is a proposal based on the whole table (40 rows)');
  });

  test('never repeat a value', async () => {
    await save('data.csv', CUSTOMERS);
    const { stderr } = await run(['data.csv', '--suggest']);
    expect(`${stderr}${await load('data.csv.json')}`).not.toMatch(/example\.org|north|remark|\.50/);
  });

  test('make nothing cleartext where it is not allowed', async () => {
    await save('data.csv', CUSTOMERS);
    await run(['data.csv', '--suggest', '--allow-cleartext', 'false']);
    expect(await describeFile('data.csv.json')).not.toContain('cleartext');
  });

  test('work on Parquet', async () => {
    await copyFile(PARQUET, join(directory, 'data.parquet'));
    await run(['data.parquet', '--suggest']);
    expect(await describeFile('data.parquet.json')).toContain(' sealed');
  });
});

describe('the dialogue', () => {
  test('writes what was answered', async () => {
    await save('data.csv', ['First Name,Bx,cc', '1,2,3']);
    const answers = ['2', 's', 'New Name', '', 'm', '', 'c', '', '', 'f', 'BX ', 'n', '0'];
    const { stdout, stderr } = await run(['data.csv', '-i'], answers.map((line) => `${line}\n`).join(''));
    expect(await describeFile('data.csv.json')).toBe(
      'first name -> new name_sealed sealed, first name -> first name cleartext, bx -> bx fingerprint',
    );
    expect(stdout).toBe('');
    expect(stderr).toContain('column `bx`: type?');
  });

  test('leaves nothing behind when the answers end too early', async () => {
    await save('data.csv', ['a']);
    expect((await catchError(run(['data.csv', '-i'], '1\ns\n'))).code).toBe('IO_ABORTED');
    expect(await readdir(directory)).toEqual(['data.csv']);
  });

  test('leaves nothing behind when no target column was wanted', async () => {
    await save('data.csv', ['a']);
    const { stderr } = await run(['data.csv', '-i'], '0\n');
    expect(stderr).toContain('no target columns: nothing was written');
    expect(await readdir(directory)).toEqual(['data.csv']);
  });
});

describe('settings from AWS Clean Rooms', () => {
  const id = '00000000-1111-2222-3333-444444444444';

  async function withAws<T>(allowCleartext: boolean | undefined, act: () => Promise<T>): Promise<T> {
    const requests: string[] = [];
    const server = createServer((request, response) => {
      requests.push(request.url ?? '');
      const settings = {
        allowCleartext,
        allowDuplicates: true,
        allowJoinsOnColumnsWithDifferentNames: true,
        preserveNulls: true,
      };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ collaboration: { dataEncryptionMetadata: settings } }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${String(port)}`);
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAFAKE');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'fake');
    vi.stubEnv('AWS_CONFIG_FILE', '/nonexistent/config');
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nonexistent/credentials');
    vi.stubEnv('AWS_MAX_ATTEMPTS', '1');
    try {
      return await act();
    } finally {
      expect(requests).toEqual([`/collaborations/${id}`]);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  test.each([
    [true, '[sealed|fingerprint|cleartext]'],
    [false, '[sealed|fingerprint]'],
  ])('decide whether cleartext is offered (%s)', async (allowCleartext, kinds) => {
    await save('data.csv', ['a']);
    await withAws(allowCleartext, () => run(['data.csv', '-t', '--id', id.toUpperCase(), '--region', 'eu-central-1']));
    expect(await load('data.csv.json')).toContain(`"type": "${kinds}"`);
  });

  test('must be complete; otherwise nothing is written', async () => {
    await save('data.csv', ['a']);
    const failure = await withAws(undefined, () =>
      catchError(run(['data.csv', '-t', '--id', id, '-g', 'eu-central-1'])),
    );
    expect(failure.code).toBe('IO_CLEAN_ROOMS');
    expect(await readdir(directory)).toEqual(['data.csv']);
  });
});

describe('refusals', () => {
  beforeEach(() => save('data.csv', ['a']));

  test.each([
    ['no mode', ['data.csv'], 'needs one of `--template`, `--interactive`, `--suggest`'],
    ['two modes', ['data.csv', '-t', '-i'], '`--template`, `--interactive` cannot be combined'],
    ['no headers in Parquet', ['x.parquet', '-t', '-p'], '`--no-headers` is for CSV files only, got parquet'],
    [
      'two sources of settings',
      ['data.csv', '-t', '--id', 'x', '--allow-cleartext'],
      '`--id` and `--allow-cleartext` cannot be combined',
    ],
    ['a region without an id', ['data.csv', '-t', '-g', 'x'], '`--profile` and `--region` need `--id`'],
    ['an id that is none', ['data.csv', '-t', '--id', 'x'], 'the collaboration id must be'],
    ['a dialogue about standard input', ['-', '-i', '-o', 'x'], '`--interactive` needs a file as input'],
    ['standard input without an output', ['-', '-t'], 'standard input needs `--output`'],
  ])('%s', async (_, args, message) => {
    const failure = await catchError(run(args));
    expect(failure.code).toBe('USAGE_OPTION');
    expect(failure.message).toContain(message);
    expect(await readdir(directory)).toEqual(['data.csv']);
  });

  test('an unknown format', async () => {
    const { message, hint } = await catchError(run(['data.csv', '-t', '-e', 'xls']));
    expect({ message, hint }).toEqual({
      message: 'unknown format `xls` for `--file-format`',
      hint: 'use csv, parquet or arrow',
    });
  });

  test('an empty name as input: it is not standard input', async () => {
    expect((await catchError(run(['', '-t', '-e', 'csv', '-o', 'x.json']))).message).toContain(
      'the name of the input is empty',
    );
  });

  test('an option that does not exist', async () => {
    await expect(run(['data.csv', '-t', '--nonsense'])).rejects.toThrow(/nonsense/);
  });

  test('an existing output, unless it may be replaced', async () => {
    await save('data.csv.json', ['old']);
    expect((await catchError(run(['data.csv', '-t']))).code).toBe('IO_EXISTS');
    expect(await load('data.csv.json')).toBe('old\n');
    await run(['data.csv', '-t', '--overwrite']);
    expect(await load('data.csv.json')).toContain('headerRow');
  });

  test('a missing input, without leaving an output', async () => {
    expect((await catchError(run(['missing.csv', '-t']))).code).toBe('IO_READ');
    expect(await readdir(directory)).toEqual(['data.csv']);
  });

  test('the input as output', async () => {
    expect((await catchError(run(['data.csv', '-t', '-f', '-o', 'data.csv']))).code).toBe('IO_WRITE');
    expect(await load('data.csv')).toBe('a\n');
  });

  test('a missing directory for the output', async () => {
    expect((await catchError(run(['data.csv', '-t', '-o', 'missing/x.json']))).code).toBe('IO_WRITE');
  });

  test('two columns of one header', async () => {
    await save('twins.csv', ['a,A ,b']);
    expect((await catchError(run(['twins.csv', '-t']))).code).toBe('DATA_HEADER');
    expect(await readdir(directory)).toEqual(['data.csv', 'twins.csv']);
  });
});
