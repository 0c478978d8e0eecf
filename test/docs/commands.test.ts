import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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

let session: Session;
const helps = new Map<string, string>();

beforeAll(async () => {
  session = await Session.start();
});

afterAll(async () => {
  await session[Symbol.asyncDispose]();
});

async function helpOf(...path: readonly string[]): Promise<string> {
  const key = path.join(' ');
  const known = helps.get(key) ?? (await session.run([...path, '--help'])).out;
  helps.set(key, known);
  return known;
}

/** Whether a help lists a command. */
const lists = (help: string, command: string): boolean => new RegExp(`^  sealroom ${command}\\b(?!-)`, 'm').test(help);

async function problemOf(command: string): Promise<string | null> {
  const { words, options } = partsOf(command);
  const [first = '', second = ''] = words;
  if (!lists(await helpOf(), first)) return `no command ${first}`;
  const above = await helpOf(first);
  const isGroup = /^Commands:$/m.test(above);
  if (isGroup && second === '') return null;
  if (isGroup && !lists(above, `${first} ${second}`)) return `no command ${first} ${second}`;
  const help = isGroup ? await helpOf(first, second) : above;
  const unknown = options.filter((option) => !new RegExp(`(^|[\\s,])${option}(?![\\w-])`, 'm').test(help));
  return unknown.length === 0 ? null : `no option ${unknown.join(', ')}`;
}

test('there are commands in the documents', () => {
  expect(COMMANDS.length).toBeGreaterThan(80);
  expect(new Set(COMMANDS.map(({ file }) => file)).size).toBeGreaterThan(12);
});

test.each(DOCUMENTS.filter((file) => COMMANDS.some((one) => one.file === file)))('%s', async (file) => {
  const problems: string[] = [];
  for (const one of COMMANDS.filter((each) => each.file === file)) {
    const problem = await problemOf(one.command);
    if (problem !== null) problems.push(`${one.command}: ${problem}`);
  }
  expect(problems).toEqual([]);
});

test.each([
  ['sealroom encrpyt a.csv', 'no command encrpyt'],
  ['sealroom room ad t f', 'no command room ad'],
  ['sealroom encrypt a.csv --shema s.json', 'no option --shema'],
])('a mistake is found: %s', async (command, problem) => {
  expect(await problemOf(command)).toBe(problem);
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
  const OF_THEIRS = /^(--schema|--id|--profile|--region|--fileFormat|--output|--csv.*Value|--csv.*VALUE|--tempDir)$/;

  test('has the 19 options of the client', () => {
    expect(rows).toHaveLength(19);
  });

  test.each(rows)('$spellings.0 is $ours', async ({ spellings, commands, ours }) => {
    for (const command of commands) {
      expect(await helpOf(command), command).toMatch(new RegExp(`(^|[\\s,])${ours}(?![\\w-])`, 'm'));
      for (const spelling of spellings.filter((each) => each !== '-v')) {
        const value = OF_THEIRS.test(spelling) || /^-[slgeorwd]$/.test(spelling) ? ['CSV'] : [];
        const { err } = await session.run([command, 'nosuch.csv', spelling, ...value]);
        expect(err, `${command} ${spelling}`).not.toMatch(/unknown|did you mean/i);
      }
    }
  });
});
