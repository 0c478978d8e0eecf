import { expect, test } from 'vitest';
import { Session } from '../support/cli.ts';

const ENCRYPT_USAGE = 'usage: sealroom encrypt <input> --schema <schema> [options], see `sealroom encrypt --help`';

// The arguments, and all lines that are printed.
test.each([
  [
    ['enrypt', 'a.csv'],
    ['error: `sealroom` has no command `enrypt`', 'hint: did you mean `encrypt`?'],
    'usage: sealroom <command>, see `sealroom --help`',
  ],
  [
    ['key', 'crate'],
    ['error: `sealroom key` has no command `crate`', 'hint: did you mean `create`?'],
    'usage: sealroom key <command>, see `sealroom key --help`',
  ],
  [['key'], ['error: `sealroom key` needs a command'], 'usage: sealroom key <command>, see `sealroom key --help`'],
  [['encrypt'], ['error: `sealroom encrypt` needs `<input>`'], ENCRYPT_USAGE],
  [['encrypt', 'a.csv'], ['error: `sealroom encrypt` needs `--schema`'], ENCRYPT_USAGE],
  [
    // The mistyped option, and not that it is missing.
    ['encrypt', 'a.csv', '--schma', 'a.json'],
    ['error: unknown option `--schma`', 'hint: did you mean `--schema`?'],
    ENCRYPT_USAGE,
  ],
  [['encrypt', 'a.csv', '--zzz', '--yyy=1', '-s', 'x'], ['error: unknown options `--zzz`, `--yyy`'], ENCRYPT_USAGE],
  [
    // A pattern without quotes, which the shell made files of.
    ['encrypt', 'a.csv', 'b.csv', '-s', 'x'],
    [
      'error: unexpected argument `b.csv`',
      'hint: name one table: for several files give their folder, or a pattern in quotes',
    ],
    ENCRYPT_USAGE,
  ],
  [
    ['encrypt', 'a.csv', '-s', 'x', '--kernel', 'wsam'],
    ['error: unknown value `wsam` for `--kernel`', 'hint: did you mean `wasm`?'],
    ENCRYPT_USAGE,
  ],
  [
    ['encrypt', 'a.csv', '-s', 'x', '--kernel', 'gpu'],
    ['error: unknown value `gpu` for `--kernel`', 'hint: give one of `native`, `wasm`, `node`, `noble`'],
    ENCRYPT_USAGE,
  ],
  [
    ['collab', 'withdraw', 'm.yaml'],
    ['error: `sealroom collab withdraw` needs `--template`'],
    'usage: sealroom collab withdraw <manifest> --template <template> [options], see `sealroom collab withdraw --help`',
  ],
  [['encrypt', 'a.csv', '-s', 'x', '--kernel'], ['error: `--kernel` needs a value'], ENCRYPT_USAGE],
  [['encrypt', 'a.csv', '--schema', '--id', '1'], ['error: `--schema` needs a value'], ENCRYPT_USAGE],
  [['encrypt', 'a.csv', '-s', 'x', '--output='], ['error: `--output` needs a value'], ENCRYPT_USAGE],
  [['encrypt', 'a.csv', '-s', 'x', '-o'], ['error: `-o` needs a value'], ENCRYPT_USAGE],
  [['encrypt', 'a.csv', '-s', 'x', '--threads', 'many'], ['error: `--threads` needs a number'], ENCRYPT_USAGE],
  [
    // Else the keys would be made in the current directory.
    ['member', 'init', '--id', 'x', '--home'],
    ['error: `--home` needs a value'],
    'usage: sealroom member init --id <id> [options], see `sealroom member init --help`',
  ],
  [
    ['query', 'SELECT 1', '--as', 'x', '--timeout'],
    ['error: `--timeout` needs a value'],
    'usage: sealroom query [sql] [options], see `sealroom query --help`',
  ],
])('%j says what is wrong, and how the command is used', async (argv, lines, usage) => {
  await using session = await Session.start({});
  expect(await session.run(argv)).toMatchObject({ code: 2, out: '', err: `${[...lines, usage].join('\n')}\n` });
});

test('a text for nulls may be empty', async () => {
  await using session = await Session.start({});
  const { err } = await session.run(['encrypt', 'a.csv', '-s', 'no.json', '-r', '', '--csv-output-null-value=']);
  expect(err).not.toContain('needs a value');
});

test('C3R spellings of options are known ones', async () => {
  await using session = await Session.start({});
  const { err } = await session.run([
    'encrypt',
    'a.csv',
    '-s',
    'no.json',
    '--allowCleartext',
    '--csvInputNULLValue',
    'x',
  ]);
  expect(err).not.toContain('unknown option');
});
