import { basename, resolve } from 'node:path';
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { allowsCleartext, type SchemaSource, withSchemaSource } from '../../src/actions/member/tables.ts';
import { countOf, quoteForMessage, SealroomError } from '../../src/errors/index.ts';
import { checkTarget, writeWholeFile } from '../../src/files/index.ts';
import { printDraft, printTableSchema, suggestSchema, templateSchema } from '../../src/schema/index.ts';
import { findInput, formatOf } from '../../src/tabular/index.ts';
import { type CsvArguments, readCsvOptions, withCsvOptions } from '../options/csv-options.ts';
import { parseFormat, tableInput } from '../options/table-options.ts';
import { runSchemaDialogue } from '../prompts/schema-dialogue.ts';
import { type CliIo, STANDARD_STREAM } from '../terminal.ts';

/** Number of rows that a suggestion is based on. */
const SAMPLE_ROWS = 10_000;

const MODES = ['template', 'interactive', 'suggest'] as const;

type Mode = (typeof MODES)[number];

/** The arguments of the command. */
export interface SchemaArguments extends CsvArguments {
  readonly input: string;
  readonly template: boolean;
  readonly interactive: boolean;
  readonly suggest: boolean;
  readonly output: string | undefined;
  readonly overwrite: boolean;
  readonly 'no-headers': boolean;
  readonly 'file-format': string | undefined;
  readonly 'allow-cleartext': boolean | undefined;
  readonly id: string | undefined;
  readonly profile: string | undefined;
  readonly region: string | undefined;
  readonly debug: boolean;
}

type Arguments = ArgumentsCamelCase<SchemaArguments>;

/** The input of a mode, and its output to the user. */
interface Task extends SchemaSource {
  readonly allowCleartext: boolean;
  readonly io: CliIo;
  readonly say: (line: string) => void;
}

/** Each mode's function for the text of the schema file; it returns `null` if there is nothing to write. */
const MAKERS: Readonly<Record<Mode, (task: Task) => Promise<string | null>>> = {
  template: makeTemplate,
  interactive: makeByDialogue,
  suggest: makeSuggestion,
};

async function makeTemplate({ source, allowCleartext, say }: Task): Promise<string> {
  const { text, notes } = templateSchema(source, { allowCleartext });
  for (const { kind, column } of notes) {
    const outcome = kind === 'left-out' ? 'it is left out, because cleartext is forbidden' : 'it can only be cleartext';
    say(`warning: column \`${column.header}\` has a type that cannot be protected; ${outcome}`);
  }
  say('hint: choose a type for every column of the template');
  say('hint: choose a pad for sealed columns, and remove it from the others');
  say('hint: the result must be valid JSON');
  return Promise.resolve(text);
}

async function makeByDialogue({ source, allowCleartext, io, say }: Task): Promise<string | null> {
  // Loaded here, because the library for prompts would slow down every other command.
  const { createLinePrompter, createTerminalPrompter } = await import('../prompts/prompts.ts');
  const prompter = (io.stdin.isTTY === true ? createTerminalPrompter : createLinePrompter)(
    io.stdin,
    io.stderr,
    io.signal,
  );
  try {
    const schema = await runSchemaDialogue(source, { allowCleartext }, prompter);
    if (schema !== null) return printTableSchema(schema);
    say('no target columns: nothing was written');
    return null;
  } finally {
    prompter.close();
  }
}

async function makeSuggestion({ source, profile, allowCleartext, say }: Task): Promise<string | null> {
  const profiles = await profile(SAMPLE_ROWS);
  const { schema, advice } = suggestSchema(source, profiles, { allowCleartext });
  for (const { column, kind, reason, warning } of advice) {
    say(`column \`${column.header}\`: ${kind}: ${reason}`);
    if (warning !== null) say(`warning: column \`${column.header}\`: ${warning}`);
  }
  if (schema === null) {
    say('no column can be protected: nothing was written');
    return null;
  }
  say(`hint: this is a proposal based on ${countOf(profiles[0]?.rows ?? 0, 'row')}; check it before you encrypt`);
  return printDraft(schema, advice);
}

function pickMode(args: Arguments): Mode {
  const modes = MODES.filter((mode) => args[mode]);
  const [mode] = modes;
  if (mode !== undefined && modes.length === 1) return mode;
  const names = (modes.length === 0 ? MODES : modes).map((name) => `\`--${name}\``).join(', ');
  throw new SealroomError(
    'USAGE_OPTION',
    modes.length === 0 ? `\`schema\` needs one of ${names}` : `${names} cannot be combined`,
  );
}

function checkArguments(args: Arguments, mode: Mode): void {
  if (args.input === '') throw new SealroomError('USAGE_OPTION', 'the name of the input is empty');
  const format = parseFormat(args.fileFormat) ?? formatOf(args.input);
  if (args.noHeaders && format !== null && format !== 'csv') {
    throw new SealroomError('USAGE_OPTION', `\`--no-headers\` is for CSV files only, got ${format}`);
  }
  if (args.id !== undefined && args.allowCleartext !== undefined) {
    throw new SealroomError('USAGE_OPTION', '`--id` and `--allow-cleartext` cannot be combined', {
      hint: 'with `--id`, the collaboration decides whether cleartext is allowed',
    });
  }
  if (args.id === undefined && (args.profile !== undefined || args.region !== undefined)) {
    throw new SealroomError('USAGE_OPTION', '`--profile` and `--region` need `--id`');
  }
  if (args.input === STANDARD_STREAM && (mode === 'interactive' || args.output === undefined)) {
    const needed = mode === 'interactive' ? '`--interactive` needs a file as input' : 'standard input needs `--output`';
    throw new SealroomError('USAGE_OPTION', needed);
  }
}

async function makeText(args: Arguments, mode: Mode, io: CliIo): Promise<string | null> {
  const say = (line: string): void => {
    io.stderr.write(`${line}\n`);
  };
  const { id, profile, region, allowCleartext: given = true } = args;
  const allowCleartext = id === undefined ? given : await allowsCleartext(id, { profile, region }, io.signal);
  const options = { headerRow: !args.noHeaders, ...readCsvOptions(args), signal: io.signal };
  return withSchemaSource(tableInput(io, args.input, parseFormat(args.fileFormat)), options, (table) => {
    for (const note of table.notes) say(`note: ${note}`);
    for (const warning of table.warnings) say(`warning: ${warning}`);
    for (const { index, name, reason } of table.source.unusable) {
      say(`warning: column ${String(index + 1)} (${quoteForMessage(name)}) is left out: ${reason}`);
    }
    return MAKERS[mode]({ ...table, allowCleartext, io, say });
  });
}

async function runSchema(args: Arguments, io: CliIo): Promise<void> {
  const mode = pickMode(args);
  checkArguments(args, mode);
  const output = args.output ?? `${basename(args.input)}.json`;
  const path = resolve(io.cwd, output);
  if (output !== STANDARD_STREAM) {
    await findInput(tableInput(io, args.input, parseFormat(args.fileFormat)));
    await checkTarget(path, { overwrite: args.overwrite, input: resolve(io.cwd, args.input) });
  }
  const text = await makeText(args, mode, io);
  if (text === null) return;
  if (output === STANDARD_STREAM) {
    io.stdout.write(`${text}\n`);
    return;
  }
  await writeWholeFile(path, text, { overwrite: args.overwrite });
  io.stderr.write(`wrote the table schema to ${quoteForMessage(output)}\n`);
}

function describeOptions(yargs: Argv): Argv<SchemaArguments> {
  return withCsvOptions(yargs)
    .positional('input', {
      type: 'string',
      demandOption: true,
      describe: 'the table, or - for standard input',
    })
    .option('template', { alias: 't', type: 'boolean', default: false, describe: 'write a template to edit' })
    .option('interactive', { alias: 'i', type: 'boolean', default: false, describe: 'ask about every column' })
    .option('suggest', { type: 'boolean', default: false, describe: 'propose a schema from the data, with reasons' })
    .option('output', {
      alias: 'o',
      type: 'string',
      describe: 'the schema file (default: <input file name>.json in the current directory)',
    })
    .option('overwrite', { alias: 'f', type: 'boolean', default: false, describe: 'replace an existing output' })
    .option('no-headers', { alias: 'p', type: 'boolean', default: false, describe: 'CSV: the first row is data' })
    .option('file-format', {
      alias: 'e',
      type: 'string',
      describe: "csv, parquet or arrow (default: by the input's extension)",
    })
    .option('allow-cleartext', { type: 'boolean', describe: 'whether cleartext columns are allowed (default: true)' })
    .option('id', { type: 'string', describe: 'fetch the settings of this collaboration from AWS Clean Rooms' })
    .option('profile', { alias: 'l', type: 'string', describe: 'AWS profile, with --id' })
    .option('region', { alias: 'g', type: 'string', describe: 'AWS region, with --id' })
    .option('debug', {
      alias: 'enable-stack-traces',
      type: 'boolean',
      default: false,
      describe:
        'print the stacks of errors and what caused them: they may show paths and values of the table, but no secret',
    });
}

/**
 * `sealroom schema <input>`: writes a table schema as a template, from a dialogue, or as a proposal.
 *
 * The handler throws SealroomErrors. If it fails, it leaves no output.
 */
export function schemaCommand(io: CliIo): CommandModule<object, SchemaArguments> {
  return {
    builder: describeOptions,
    handler: (args) => runSchema(args, io),
  };
}
