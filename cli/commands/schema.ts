import { basename, resolve } from 'node:path';
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { allowsCleartext, withSchemaSource } from '../../src/actions/member/tables.ts';
import { quoteForMessage, SealroomError } from '../../src/errors/index.ts';
import { checkTarget, removeFile, writeWholeFile } from '../../src/files/index.ts';
import { parseStep } from '../../src/normalise/index.ts';
import { printTableSchema, templateSchema } from '../../src/schema/index.ts';
import { findInput, formatOf } from '../../src/tabular/index.ts';
import { type CsvArguments, readCsvOptions, withCsvOptions } from '../options/csv-options.ts';
import { parseFormat, tableInput } from '../options/table-options.ts';
import { makeByEditor, makeSuggestion, type SchemaOutput, type SchemaTask } from './schema-proposal.ts';
import type { Prompter } from '../prompts/prompter.ts';
import { runSchemaDialogue } from '../prompts/schema-dialogue.ts';
import { type CliIo, say, STANDARD_STREAM, tell } from '../terminal.ts';

const MODES = ['template', 'interactive', 'suggest'] as const;

/** `editor` edits a proposal as one table; `dialogue` asks C3R's questions, for scripts. */
type Mode = 'template' | 'editor' | 'dialogue' | 'suggest';

/** The arguments of the command. */
export interface SchemaArguments extends CsvArguments {
  readonly input: string;
  readonly template: boolean;
  readonly interactive: boolean;
  readonly suggest: boolean;
  readonly output: string | undefined;
  readonly overwrite: boolean;
  readonly samples: boolean;
  readonly country: string | undefined;
  readonly json: boolean;
  readonly 'no-headers': boolean;
  readonly 'file-format': string | undefined;
  readonly 'allow-cleartext': boolean | undefined;
  readonly id: string | undefined;
  readonly profile: string | undefined;
  readonly region: string | undefined;
  readonly debug: boolean;
}

type Arguments = ArgumentsCamelCase<SchemaArguments>;

/** Each mode's function for the text of the schema file; it returns `null` if there is nothing to write. */
const MAKERS: Readonly<Record<Mode, (task: SchemaTask) => Promise<string | null>>> = {
  template: makeTemplate,
  editor: (task) => withPrompter(task.io, (prompter) => makeByEditor(task, prompter)),
  dialogue: (task) => withPrompter(task.io, (prompter) => makeByDialogue(task, prompter)),
  suggest: makeSuggestion,
};

async function makeTemplate({ source, allowCleartext, say }: SchemaTask): Promise<string> {
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

async function withPrompter<Result>(io: CliIo, work: (prompter: Prompter) => Promise<Result>): Promise<Result> {
  // Loaded here, because the library for prompts would slow down every other command.
  const { createLinePrompter, createTerminalPrompter } = await import('../prompts/prompts.ts');
  const prompter = (io.stdin.isTTY === true ? createTerminalPrompter : createLinePrompter)(
    io.stdin,
    io.stderr,
    io.signal,
  );
  try {
    return await work(prompter);
  } finally {
    prompter.close();
  }
}

async function makeByDialogue({ source, allowCleartext, say }: SchemaTask, prompter: Prompter): Promise<string | null> {
  const schema = await runSchemaDialogue(source, { allowCleartext }, prompter);
  if (schema !== null) return printTableSchema(schema);
  say('no target columns: nothing was written');
  return null;
}

function pickMode(args: Arguments, io: CliIo): Mode {
  const modes = MODES.filter((mode) => args[mode]);
  if (args.interactive && !args.template) {
    // A script that answers C3R's questions goes on working.
    return args.suggest || io.stdin.isTTY === true ? 'editor' : 'dialogue';
  }
  const [mode] = modes;
  if (mode !== undefined && mode !== 'interactive' && modes.length === 1) return mode;
  const names = (modes.length === 0 ? MODES : modes).map((name) => `\`--${name}\``).join(', ');
  throw new SealroomError(
    'USAGE_OPTION',
    modes.length === 0 ? `\`schema\` needs one of ${names}` : `${names} cannot be combined`,
  );
}

function checkProposal(args: Arguments, mode: Mode, io: CliIo): void {
  const isProposal = mode === 'suggest' || mode === 'editor';
  if (!isProposal && (args.samples || args.country !== undefined)) {
    throw new SealroomError('USAGE_OPTION', '`--samples` and `--country` need `--suggest`');
  }
  if (args.json && mode !== 'suggest') throw new SealroomError('USAGE_OPTION', '`--json` needs `--suggest`');
  if (args.samples && io.stderr.isTTY !== true) {
    throw new SealroomError('USAGE_OPTION', '`--samples` shows values of the table, on a terminal only', {
      hint: 'leave it out where the output goes to a file or another program',
    });
  }
  if (args.country !== undefined) requireCountry(args.country);
}

function requireCountry(country: string): void {
  try {
    parseStep(`phone:${country}`);
  } catch (error) {
    throw new SealroomError(
      'USAGE_OPTION',
      `expected a country code for \`--country\`, got ${quoteForMessage(country)}`,
      {
        hint: 'use the two capital letters of ISO 3166-1, such as `DE` or `FR`',
        cause: error,
      },
    );
  }
}

function checkArguments(args: Arguments, mode: Mode): void {
  if (args.input === '') throw new SealroomError('USAGE_OPTION', 'the name of the input is empty');
  const format = parseFormat('file-format', args.fileFormat) ?? formatOf(args.input);
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
  const isAsking = mode === 'editor' || mode === 'dialogue';
  if (args.input === STANDARD_STREAM && (isAsking || args.output === undefined)) {
    const needed = isAsking ? '`--interactive` needs a file as input' : 'standard input needs `--output`';
    throw new SealroomError('USAGE_OPTION', needed);
  }
}

async function makeText(args: Arguments, mode: Mode, io: CliIo, output: SchemaOutput): Promise<string | null> {
  const write = (line: string): void => {
    tell(io, line);
  };
  const { id, profile, region, country, samples, json, allowCleartext: given = true } = args;
  const allowCleartext = id === undefined ? given : await allowsCleartext(id, { profile, region }, io.signal);
  const options = { headerRow: !args.noHeaders, ...readCsvOptions(args), signal: io.signal };
  return withSchemaSource(tableInput(io, args.input, parseFormat('file-format', args.fileFormat)), options, (table) => {
    for (const note of table.notes) say(io, 'note', note);
    for (const warning of table.warnings) say(io, 'warning', warning);
    for (const { index, name, reason } of table.source.unusable) {
      say(io, 'warning', `column ${String(index + 1)} (${quoteForMessage(name)}) is left out: ${reason}`);
    }
    return MAKERS[mode]({ ...table, allowCleartext, country, samples, json, io, say: write, output });
  });
}

async function runSchema(args: Arguments, io: CliIo): Promise<void> {
  const mode = pickMode(args, io);
  checkArguments(args, mode);
  checkProposal(args, mode, io);
  const output = args.output ?? `${basename(args.input)}.json`;
  const path = resolve(io.cwd, output);
  // Where there is no output file, the draft is named after the input.
  const draftName = `${output === STANDARD_STREAM ? `${basename(args.input)}.json` : output}.draft`;
  const draftPath = resolve(io.cwd, draftName);
  if (output !== STANDARD_STREAM) {
    await findInput(tableInput(io, args.input, parseFormat('file-format', args.fileFormat)));
    await checkTarget(path, { overwrite: args.overwrite, input: resolve(io.cwd, args.input) });
  }
  const text = await makeText(args, mode, io, { name: output, draftPath, draftName });
  if (text === null) return;
  if (output === STANDARD_STREAM) io.stdout.write(`${text}\n`);
  else {
    await writeWholeFile(path, text, { overwrite: args.overwrite });
    tell(io, `wrote the table schema to ${quoteForMessage(output)}`);
  }
  if (mode === 'editor') await removeFile(draftPath);
}

function describeOptions(yargs: Argv): Argv<SchemaArguments> {
  return withCsvOptions(yargs)
    .positional('input', {
      type: 'string',
      demandOption: true,
      describe: 'the table, or - for standard input',
    })
    .option('template', { alias: 't', type: 'boolean', default: false, describe: 'write a template to edit' })
    .option('interactive', { alias: 'i', type: 'boolean', default: false, describe: 'edit a proposal as one table' })
    .option('suggest', { type: 'boolean', default: false, describe: 'propose a schema from the data, with reasons' })
    .option('samples', {
      type: 'boolean',
      default: false,
      describe: 'show some values of each column with the proposal, on a terminal only',
    })
    .option('country', {
      type: 'string',
      requiresArg: true,
      describe: 'country of phone numbers without a country code, such as DE (default: that of most others)',
    })
    .option('json', { type: 'boolean', default: false, describe: 'print the proposal and its report as JSON' })
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
    // Codes of countries are taken in small letters, too.
    handler: (args) => runSchema({ ...args, country: args.country?.toUpperCase() }, io),
  };
}
