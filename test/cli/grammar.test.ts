import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '#cli/commands/commands';
import { type CommandDeclaration, listCommands, namesOf } from '#cli/grammar/declarations';
import { groupOf } from '#cli/grammar/groups';
import type { CliIo } from '#cli/terminal';

const io: CliIo = {
  argv: [],
  env: {},
  cwd: '/',
  stdin: new PassThrough(),
  stdout: new PassThrough(),
  stderr: new PassThrough(),
};

const families = await Promise.all(Object.values(COMMANDS).map((each) => each.load(each, io)));
const commands = families.flatMap(listCommands);
const nameOf = ({ path }: CommandDeclaration): string => path.join(' ');

/** The short options of the C3R client, which those who come from there know, and the two of most programs. */
const SHORT: Readonly<Record<string, string>> = {
  d: 'temp-dir',
  e: 'file-format',
  f: 'overwrite',
  g: 'region',
  i: 'interactive',
  l: 'profile',
  n: 'dry-run',
  o: 'output',
  p: 'no-headers',
  r: 'csv-input-null-value',
  s: 'schema',
  t: 'template',
  w: 'csv-output-null-value',
};

describe('all commands', () => {
  test('are found', () => {
    expect(commands.length).toBeGreaterThanOrEqual(39);
    expect(commands.map(nameOf)).toContain('collab sign');
  });

  test.each(commands.map((each) => [nameOf(each), each] as const))('%s: all is described, in a group', (_, command) => {
    expect(command.describe).not.toBe('');
    for (const { name, declared } of [...command.positionals, ...command.options]) {
      expect([name, declared.describe ?? '']).not.toEqual([name, '']);
    }
    const ungrouped = command.options.filter(({ name }) => groupOf(name, false) === null).map(({ name }) => name);
    expect(ungrouped, 'add them to cli/grammar/groups.ts').toEqual([]);
  });

  test('have options once each', () => {
    for (const { path, options } of commands) {
      const names = options.flatMap(namesOf);
      expect([path, names.length]).toEqual([path, new Set(names).size]);
    }
  });

  test('give a short option one meaning, that of C3R', () => {
    for (const { options } of commands) {
      for (const option of options) {
        for (const short of namesOf(option).filter((name) => name.length === 1)) {
          expect(`-${short} ${option.name}`).toBe(`-${short} ${SHORT[short] ?? ''}`);
        }
      }
    }
  });
});
