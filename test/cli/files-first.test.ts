import { mkdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { ID, Session } from '../support/cli.ts';

// What is wrong with a file is said before anything else that is wrong: here everything is.

/** A schema with a cleartext column, which the settings forbid. */
const SCHEMA = JSON.stringify({
  headerRow: true,
  columns: [{ sourceHeader: 'none', targetHeader: 'none', type: 'cleartext' }],
});

const COMMANDS: Readonly<Record<string, (input: string) => readonly string[]>> = {
  encrypt: (input) => ['encrypt', input, '-s', 'schema.json', '--id', ID],
  'encrypt, without its schema': (input) => ['encrypt', input, '-s', 'none.json', '--id', ID],
  'encrypt, with an id that is none': (input) => ['encrypt', input, '-s', 'schema.json', '--id', 'x'],
  decrypt: (input) => ['decrypt', input, '--id', ID],
  reencrypt: (input) => ['reencrypt', input, '--id', ID, '--from', '1'],
  normalise: (input) => ['normalise', input, '-s', 'none.json'],
  schema: (input) => ['schema', input, '--template'],
  'room add': (input) => ['room', 'add', 'customers', input, '--room', 'no-room'],
};

const INPUTS: readonly (readonly [name: string, input: string, message: string])[] = [
  ['is missing', 'none.csv', 'none.csv: cannot read: no such file or directory'],
  ['is missing, of no format', 'none.xlsx', 'none.xlsx: cannot read: no such file or directory'],
  ['has no known format', 'table.xlsx', 'table.xlsx: unknown table format: the name must end in .csv, .tsv, .parquet'],
  ['is an empty folder', 'empty', 'empty: the folder has no files'],
  ['is a folder with other files', 'mixed', 'mixed/a.txt: a file that is no table: the name must end in .csv'],
  ['is a pattern without files', 'empty/*.csv', 'empty/*.csv: no file matches the pattern'],
  ['is an address', 's3://bucket/a.csv', 's3://bucket/a.csv: s3:// addresses are neither read nor written'],
];

test.each(
  Object.keys(COMMANDS).flatMap((command) => INPUTS.map(([name, ...rest]) => [command, name, ...rest] as const)),
)('%s: an input that %s', async (command, _, input, message) => {
  await using session = await Session.start({ 'schema.json': SCHEMA, 'table.xlsx': 'x' });
  await mkdir(session.path('empty'));
  await mkdir(session.path('mixed'));
  await session.put('mixed/a.txt', 'x');
  // A folder needs an output; a table has one by default.
  const output = /^(empty|mixed)/.test(input) && !/^(schema|room)/.test(command) ? ['-o', 'out.csv'] : [];
  const before = await session.names();
  const outcome = await session.run([...(COMMANDS[command]?.(input) ?? []), ...output], { env: {} });
  const [first = ''] = outcome.err.split('\n');
  expect(first).toContain(`error: ${message}`);
  if (input === 'table.xlsx') expect(outcome.err).toContain('\nhint: save the sheet as CSV in UTF-8\n');
  expect(outcome).toMatchObject({ code: 1, out: '' });
  expect(await session.names()).toEqual(before);
});

test.each(['encrypt', 'decrypt', 'reencrypt', 'normalise'])('%s: an output that cannot be written', async (command) => {
  await using session = await Session.start({ 'schema.json': SCHEMA, 'in.csv': 'a\n1\n', 'there.csv': '' });
  await mkdir(session.path('folder'));
  const argv = COMMANDS[command]?.('in.csv') ?? [];
  for (const [output, message] of [
    ['there.csv', 'there.csv: the output already exists'],
    ['folder', 'folder: the output is a directory'],
    ['none/out.csv', 'none/out.csv: cannot write: no such file or directory'],
    ['out.xlsx', 'out.xlsx: unknown table format: the name must end in .csv'],
    ['https://store/out.csv', 'https://store/out.csv: https:// addresses are neither read nor written'],
  ] as const) {
    const outcome = await session.run([...argv, '-o', output], { env: {} });
    expect(outcome.err).toContain(`error: ${message}`);
    expect(outcome.code).toBe(1);
  }
});
