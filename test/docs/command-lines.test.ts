import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readReference } from '../../scripts/reference.mjs';
import { Session } from '../support/cli.ts';
import { listFiles, readText } from './repository.ts';

// Every `sealroom …` in a document is a command that there is, with options that it has.

const DOCUMENTS = [
  ...['README.md', 'SECURITY.md', 'CONTRIBUTING.md'],
  ...listFiles('docs').filter((file) => file.endsWith('.md') && !file.startsWith('docs/decisions/')),
  ...listFiles('samples').filter((file) => file.endsWith('README.md')),
];

/** Texts that are hashed or stored and only look like commands. */
const LABEL = /^sealroom (.* v\d( \w+)?|collaboration secret)$/;

/** The commands in the code blocks and code spans of a document, each on one line. */
function commandsOf(markdown: string): readonly string[] {
  const text = markdown.replaceAll(/ *\\\n */g, ' ');
  const fenced = [...text.matchAll(/^ *```(\w*)\n([^]*?)^ *```$/gm)]
    .filter(([, language = '']) => ['', 'sh'].includes(language))
    .map(([, , block = '']) => block);
  const prose = text.replaceAll(/^ *```\w*\n[^]*?^ *```$/gm, '');
  const blocks = [...fenced, ...(prose.match(/^ {4,}.*$/gm) ?? [])].join('\n');
  const lines = [...blocks.matchAll(/^.*?\b((?:npx )?sealroom [a-z][a-z-]* .*)$/gm)];
  const spans = [...prose.matchAll(/`((?:\w+=\S+ )*(?:npx )?sealroom [a-z][^`]*)`/g)];
  return [...lines, ...spans]
    .map(([, command = '']) => command.replaceAll(/\s+/g, ' ').replace(/ # .*$/, ''))
    .filter((command) => !LABEL.test(command));
}

/** What a command is made of: words and options, without values in quotes and what stands after a pipe. */
function partsOf(command: string): { readonly words: readonly string[]; readonly options: readonly string[] } {
  const plain = command
    .replace(/^.*?\bsealroom /, '')
    .replaceAll(/"[^"]*"|'[^']*'|\$\([^)]*\)/g, 'x')
    .replace(/ [|;&>]+ ?.*$/, '');
  const parts = plain.split(' ');
  return {
    words: parts.filter((part) => /^[a-z][a-z0-9-]*$/.test(part)),
    options: parts.flatMap((part) => /^\[?(--?[a-z][\w-]*)/i.exec(part)?.[1] ?? []),
  };
}

const COMMANDS = DOCUMENTS.flatMap((file) => commandsOf(readText(file)).map((command) => ({ file, command })));

type Command = Awaited<ReturnType<typeof readReference>>;

const reference = await readReference();
const EVERYWHERE = ['-h', '--help', '-V', '--version'];

/** The command that words name, or what is wrong. */
function find(words: readonly string[]): Command | string {
  let found: Command = reference;
  for (const word of words) {
    if (found.commands.length === 0) break;
    const next = found.commands.find(({ path }) => path.at(-1) === word);
    if (next === undefined) return `no command ${[...found.path, word].join(' ')}`;
    found = next;
  }
  return found;
}

function problemOf(command: string): string | null {
  const { words, options } = partsOf(command);
  // Both stand beside the commands.
  if (words[0] === 'help' || words[0] === 'completion') return null;
  const found = find(words);
  if (typeof found === 'string') return found;
  const known = new Set([...EVERYWHERE, ...found.options.flatMap(({ names }) => names)]);
  const unknown = options.filter((option) => !known.has(option));
  return unknown.length === 0 ? null : `no option ${unknown.join(', ')}`;
}

test('there are commands in the documents', () => {
  expect(COMMANDS.length).toBeGreaterThan(80);
  expect(new Set(COMMANDS.map(({ file }) => file)).size).toBeGreaterThan(12);
});

test.each(DOCUMENTS.filter((file) => COMMANDS.some((one) => one.file === file)))('%s', (file) => {
  const problems = COMMANDS.filter((one) => one.file === file).flatMap(({ command }) => {
    const problem = problemOf(command);
    return problem === null ? [] : [`${command}: ${problem}`];
  });
  expect(problems).toEqual([]);
});

test.each([
  ['sealroom encrpyt a.csv', 'no command encrpyt'],
  ['sealroom room ad t f', 'no command room ad'],
  ['sealroom encrypt a.csv --shema s.json', 'no option --shema'],
])('a mistake is found: %s', (command, problem) => {
  expect(problemOf(command)).toBe(problem);
});

describe('the table of options in docs/coming-from-c3r.md', () => {
  const text = readText('docs/coming-from-c3r.md');
  const rows = [...text.matchAll(/^\| (`--[^|]+?) +\| ([^|]+?) +\| `(--[^|`]+)` +\|/gm)].map(
    ([, theirs = '', commands = '', ours = '']) => ({
      spellings: [...theirs.matchAll(/`([^`]+)`/g)].map(([, spelling = '']) => spelling),
      commands: commands === 'all' ? ['encrypt', 'decrypt', 'schema'] : commands.split(', '),
      ours,
    }),
  );
  let session: Session;

  beforeAll(async () => {
    session = await Session.start();
  });

  afterAll(async () => {
    await session[Symbol.asyncDispose]();
  });

  const OF_THEIRS = /^(--schema|--id|--profile|--region|--fileFormat|--output|--csv.*Value|--csv.*VALUE|--tempDir)$/;

  test('has the 19 options of the client', () => {
    expect(rows).toHaveLength(19);
  });

  test.each(rows)('$spellings.0 is $ours', async ({ spellings, commands, ours }) => {
    for (const command of commands) {
      expect(problemOf(`sealroom ${command} ${ours}`)).toBeNull();
      for (const spelling of spellings.filter((each) => each !== '-v')) {
        const value = OF_THEIRS.test(spelling) || /^-[slgeorwd]$/.test(spelling) ? ['CSV'] : [];
        const { err } = await session.run([command, 'nosuch.csv', spelling, ...value]);
        expect(err, `${command} ${spelling}`).not.toMatch(/unknown|did you mean/i);
      }
    }
  });
});
