// Writes what is made of the commands' own declarations: dist/cli/grammar/declarations.json for the parser and
// dist/cli/completion/reference.json for completion; with --write also the reference docs/commands.md, the man page man/sealroom.1 and
// the description docs/openapi.json of a room over the network, which the repository has and tests compare.
//
//   node scripts/reference.mjs [--write]
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** @typedef {import('#cli/completion/reference').ReferenceCommand} Command */
/** @typedef {import('#cli/completion/reference').ReferenceOption} Option */

/** @param {string} path of a module below dist/cli */
const load = (path) => import(pathToFileURL(join(ROOT, 'dist', 'cli', path)).href);

/** The commands of the first level, by their names. */
async function loadCommands() {
  const { COMMANDS } = /** @type {typeof import('#cli/commands/commands')} */ (await load('commands/commands.js'));
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const io = { argv: [], env: {}, cwd: ROOT, stdin, stdout, stderr };
  return Object.fromEntries(
    await Promise.all(
      Object.entries(COMMANDS).map(async ([name, each]) => /** @type {const} */ ([name, await each.load(each, io)])),
    ),
  );
}

/** All commands below the program, as data. @returns {Promise<Command>} */
export async function readReference() {
  const { describeCommand } = /** @type {typeof import('#cli/completion/reference')} */ (
    await load('completion/reference.js')
  );
  const commands = Object.values(await loadCommands()).map(describeCommand);
  return { path: [], usage: [], describe: '', positionals: [], options: [], examples: [], commands };
}

/** @param {Command} command @returns {readonly Command[]} */
function leaves(command) {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
}

/** @param {Option} option @returns {string} */
function valueOf({ value, names: [long = ''] }) {
  if (value === null) return '';
  if (value.kind === 'values' && value.values.every((each) => !each.endsWith(':'))) return value.values.join('|');
  const words = { files: 'file', directories: 'directory', names: 'name', values: 'key', text: long.slice(2) };
  return words[value.kind];
}

/** Options by their groups, in the order of help. @param {Command} command */
async function byGroup({ options }) {
  const { GROUPS } = /** @type {typeof import('#cli/grammar/groups')} */ (await load('grammar/groups.js'));
  return Object.keys(GROUPS)
    .map((group) => /** @type {const} */ ([group, options.filter((each) => each.group === group)]))
    .filter(([, each]) => each.length > 0);
}

/** @param {Command} command */
const lineOf = ({ path, usage, options }) =>
  [
    'sealroom',
    ...path,
    ...usage,
    ...options.filter((each) => each.isRequired).map((each) => `${each.names[0] ?? ''} <${valueOf(each)}>`),
  ].join(' ');

/** Text for a cell of a table in Markdown. @param {string} text */
const cell = (text) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');

/** The page docs/commands.md. @param {Command} root */
export async function printPage(root) {
  const parts = [
    '# Commands',
    'Every command with its options, as `sealroom <command> --help` has them. This page is made by `npm run reference`.',
    'Every command also has `--help` and `--version`. `sealroom help <command>` is `sealroom <command> --help`. Options come after the command; `--` ends them.',
  ];
  for (const command of leaves(root)) {
    parts.push(
      `## ${command.path.join(' ')}`,
      `${command.describe.charAt(0).toUpperCase()}${command.describe.slice(1)}.`,
    );
    parts.push(
      `\`\`\`sh\n${[lineOf(command), ...command.examples.flatMap(([line, does]) => ['', `# ${does}`, `sealroom ${line}`])].join('\n')}\n\`\`\``,
    );
    const rows = [
      ...command.positionals.map(({ name, describe }) => `| \`${name}\` | ${cell(describe)} |`),
      ...(await byGroup(command)).flatMap(([group, options]) => [
        `| **${group}** | |`,
        ...options.map((option) => {
          const names = [...option.names]
            .reverse()
            .map((name) => `\`${name}\``)
            .join(', ');
          const value = valueOf(option);
          return `| ${names}${value === '' ? '' : ` ${cell(`<${value}>`)}`} | ${cell(option.describe)} |`;
        }),
      ]),
    ];
    if (rows.length > 0) parts.push(['| argument | meaning |', '| --- | --- |', ...rows].join('\n'));
  }
  return `${parts.join('\n\n')}\n`;
}

/** Text for a man page: no line begins a macro, and backslashes and hyphens are what they are. @param {string} text */
const roff = (text) =>
  text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll('…', '...').replace(/^[.']/, '\\&$&');

/** Text in lines of at most 78 characters, as mandoc wants them. @param {string} text */
function filled(text) {
  const lines = [''];
  for (const word of roff(text).split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last === '') lines[lines.length - 1] = word;
    else if (last.length + word.length < 78) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word.replace(/^[.']/, '\\&$&'));
  }
  return lines.join('\n');
}

/** The man page. @param {Command} root */
export async function printManual(root) {
  const lines = [
    `.TH SEALROOM 1 "" "sealroom" "User Commands"`,
    '.SH NAME',
    'sealroom \\- encrypt tables for a collaboration, and ask a clean room',
    '.SH SYNOPSIS',
    '.B sealroom',
    '.I command',
    '.RI [ options ]',
    '.SH DESCRIPTION',
    filled(
      'sealroom encrypts tables column by column, so that members of a collaboration can join and count them without the key, ' +
        'answers queries that all owners allow, and decrypts what comes back.',
    ),
    'The shared secret comes from',
    '.BR C3R_SHARED_SECRET ,',
    'from the file that',
    '.B SEALROOM_SECRET_FILE',
    'names, or from an envelope that',
    '.B sealroom key',
    'has made; never from an option.',
    '.SH COMMANDS',
  ];
  for (const command of leaves(root)) {
    lines.push(
      `.SS ${roff(['sealroom', ...command.path, ...command.usage].join(' '))}`,
      filled(`${command.describe}.`),
    );
    for (const { name, describe } of command.positionals) lines.push('.TP', `.I ${roff(name)}`, filled(describe));
    for (const [, options] of await byGroup(command)) {
      for (const option of options) {
        const value = valueOf(option);
        const names = [...option.names]
          .reverse()
          .map((name) => `\\fB${roff(name)}\\fR`)
          .join(', ');
        lines.push('.TP', `${names}${value === '' ? '' : ` \\fI${roff(value)}\\fR`}`);
        lines.push(filled(`${option.describe}${option.isRequired ? ' (required)' : ''}`));
      }
    }
    if (command.examples.length > 0) lines.push('.PP', 'Examples:');
    for (const [line, does] of command.examples)
      lines.push('.PP', `${roff(does)}:`, '.RS 4', '.nf', roff(`sealroom ${line}`), '.fi', '.RE');
  }
  lines.push(
    '.SH EXIT STATUS',
    '0 done, 1 failed, 2 wrong use, 3 refused by a rule, 4 integrity failure.',
    '.SH FILES',
    '.TP',
    '.I ~/.sealroom',
    'the home with keys, envelopes and their log, unless',
    '.B SEALROOM_HOME',
    'names another directory',
  );
  return `${lines.join('\n')}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const reference = await readReference();
  const dist = join(ROOT, 'dist', 'cli');
  writeFileSync(join(dist, 'grammar', 'declarations.json'), JSON.stringify(await loadCommands()));
  writeFileSync(join(dist, 'completion', 'reference.json'), JSON.stringify(reference));
  if (process.argv.includes('--write')) {
    mkdirSync(join(ROOT, 'man'), { recursive: true });
    writeFileSync(join(ROOT, 'docs/commands.md'), await printPage(reference));
    writeFileSync(join(ROOT, 'man', 'sealroom.1'), await printManual(reference));
    const { describeApi } = /** @type {typeof import('#src/server/openapi')} */ (
      await import(pathToFileURL(join(ROOT, 'dist', 'src', 'server', 'openapi.js')).href)
    );
    writeFileSync(join(ROOT, 'docs', 'openapi.json'), `${JSON.stringify(describeApi(), null, 2)}\n`);
  }
}
