import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '#cli/commands/commands';
import { requireNoAddresses } from '#cli/addresses';
import { listCommands } from '#cli/grammar/declarations';
import type { CliIo } from '#cli/terminal';
import { readTextFile } from 'sealroom/tabular';
import { Session } from '../support/cli.ts';
import { failureOf } from '../tabular/support.ts';

const io: CliIo = {
  argv: [],
  env: {},
  cwd: '/',
  stdin: new PassThrough(),
  stdout: new PassThrough(),
  stderr: new PassThrough(),
};
const families = await Promise.all(Object.values(COMMANDS).map((each) => each.load(each, io)));

/** Every argument with a text, of every command. */
const ARGUMENTS = [
  ...new Set(
    families
      .flatMap((each) => listCommands(each))
      .flatMap(({ positionals, options }) => [...positionals, ...options])
      .filter(({ declared }) => declared.type === 'string' && declared.choices === undefined)
      .map(({ name }) => name),
  ),
].sort();

/** Arguments that are no paths, and why an address may stand there. */
const MAY_BE_ADDRESSES: Readonly<Record<string, string>> = {
  bucket: 'AWS says what is wrong with it',
  'csv-input-null-value': 'a text of the table',
  'csv-output-null-value': 'a text of the table',
  key: 'its own errors say which URIs there are',
  origin: 'the address of a room',
  param: 'a text of a query',
  prefix: 'a name in S3',
  room: 'a room over the network has one, and commands refuse other addresses',
  sql: 'a query',
  to: 'its own errors say which URIs there are',
};

describe('an address in the place of a path', () => {
  test.each(ARGUMENTS)('is refused, unless there is a reason: %s', (name) => {
    const refuse = (): void => {
      requireNoAddresses({ [name]: 's3://bucket/key' });
    };
    if (name in MAY_BE_ADDRESSES) refuse();
    else expect(refuse).toThrow('s3:// addresses are neither read nor written');
  });

  test('has a reason for an argument that there is', () => {
    expect(Object.keys(MAY_BE_ADDRESSES).filter((name) => !ARGUMENTS.includes(name))).toEqual([]);
  });

  test.each(['s3://b/k', 'S3A://b/k', 'https://h/x.csv', 'gs://b/k', 'file:///tmp/in.csv', 'abfss://c@h/p'])(
    'is refused with the way out: %s',
    async (address) => {
      await using session = await Session.start();
      for (const argv of [
        ['collab', 'validate', address],
        ['schema', address, '--template'],
        ['audit', 'verify', 'x', '--trust', address],
      ]) {
        const { code, err } = await session.run(argv);
        expect(err).toContain(`error: ${address}: ${(address.split(':')[0] ?? '').toLowerCase()}:// addresses`);
        expect(err).toContain(
          address.startsWith('file') ? 'hint: give the path itself, such as `/tmp/in.csv`' : 'hint: copy the file',
        );
        expect(code).toBe(1);
      }
      expect(await failureOf(readTextFile(address))).toMatchObject({ code: 'IO_ADDRESS', where: { file: address } });
    },
  );
});
