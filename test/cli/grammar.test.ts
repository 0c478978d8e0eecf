import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '#cli/commands/commands';
import { type CommandDeclaration, findCommand, listCommands, namesOf } from '#cli/grammar/declarations';
import { EXAMPLES } from '#cli/grammar/examples';
import { groupOf } from '#cli/grammar/groups';
import { prepareArguments } from '#cli/grammar/arguments';
import { install } from '#cli/grammar/install';
import { readDeclarations } from '#cli/grammar/recorded';
import { createParser } from '#cli/grammar/parser';
import { runCli } from '#cli/run';
import type { CliIo } from '#cli/terminal';
import { usageOf } from '#cli/usage-error';

const io: CliIo = {
  argv: [],
  env: {},
  cwd: '/',
  stdin: new PassThrough(),
  stdout: new PassThrough(),
  stderr: new PassThrough(),
};

const families = await Promise.all(Object.values(COMMANDS).map((each) => each.load(each, io)));
const commands = families.flatMap((each) => listCommands(each));
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
  test('declare what the build has written down, as data', async () => {
    const recorded = await readDeclarations();
    expect(Object.keys(recorded)).toEqual(Object.keys(COMMANDS));
    for (const { path, positionals, options } of commands) {
      const [first = ''] = path;
      const found = findCommand(recorded[first] ?? expect.fail(`${first} is not recorded`), path);
      expect({ path, positionals: found.positionals, options: found.options }).toEqual({ path, positionals, options });
    }
  });

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

  test.each(commands.map((each) => [nameOf(each), each] as const))(
    '%s: has two examples that can be typed',
    async (name, command) => {
      const examples = EXAMPLES[name] ?? [];
      expect(examples, 'add them to cli/grammar/examples.ts').toHaveLength(2);
      for (const [line, does] of examples) {
        expect(does).not.toBe('');
        const [typed = ''] = line.split(/ >>? /);
        const argv = [...(typed.split(' < ')[0] ?? '').matchAll(/"([^"]*)"|(\S+)/g)].map(
          ([, quoted, bare]) => quoted ?? bare ?? '',
        );
        expect(argv.join(' ')).toMatch(new RegExp(`^${name}( |$)`));
        const prepared = prepareArguments(argv, command);
        const parser = createParser({ argv: prepared, command, usage: usageOf(command) });
        const family = families.find(({ path }) => path[0] === argv[0]);
        await install(parser, family ?? command, { isShown: false, run: () => Promise.resolve() }).parseAsync();
      }
    },
  );

  test.each(commands.map((each) => [nameOf(each), each] as const))('%s: help fits in 100 columns', async (name) => {
    const stdout = new PassThrough();
    const argv = [...name.split(' '), '--help'];
    expect(await runCli({ ...io, argv, stdout })).toBe(0);
    const lines = String(stdout.read()).split('\n');
    expect(lines.filter((line) => line.length > 100)).toEqual([]);
    expect(lines.filter((line) => line.startsWith(`  sealroom ${name}`))).toHaveLength(2);
    expect(lines).not.toContain('Other:');
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
