import { basename, extname, join, relative, resolve } from 'node:path';
import type { Argv } from 'yargs';
import { addTable, noteProjectTable } from '../../src/actions/member/index.ts';
import { listGrants, listLimits, parseMeasure, type RuleDraft } from '../../src/collab/index.ts';
import { quoteForMessage, SealroomError } from '../../src/errors/index.ts';
import { writeWholeFile } from '../../src/files/index.ts';
import { type CsvArguments, readCsvOptions, withCsvOptions } from '../options/csv-options.ts';
import { memberEnvironment } from '../options/key-options.ts';
import { readNamedFile } from '../options/manifest-option.ts';
import { type OutputArguments, withOutputOptions } from '../options/output-options.ts';
import { parseFormat, tableInput } from '../options/table-options.ts';
import { printAnswer } from '../output/answer.ts';
import { groupLines } from '../output/format-manifest.ts';
import { type CliIo, say } from '../terminal.ts';

const RULES = ['aggregation', 'list', 'custom'] as const;

/** The arguments of `collab add-table`. */
interface Arguments extends OutputArguments, CsvArguments {
  readonly table: string;
  readonly manifest: string;
  readonly schema: string;
  readonly data: string | undefined;
  readonly 'file-format': string | undefined;
  readonly 'csv-input-null-value': readonly string[] | undefined;
  readonly rule: (typeof RULES)[number];
  readonly min: number | undefined;
  readonly owner: string | undefined;
  readonly join: readonly string[] | undefined;
  readonly dimension: readonly string[] | undefined;
  readonly measure: readonly string[] | undefined;
  readonly 'foreign-measures': boolean | undefined;
  readonly list: readonly string[] | undefined;
  readonly template: readonly string[] | undefined;
  readonly overwrite: boolean;
  readonly home: string | undefined;
}

type RuleOption = 'min' | 'join' | 'dimension' | 'measure' | 'foreign-measures' | 'list' | 'template';

/** The options that only some rules have. */
const OF_RULES: Readonly<Record<RuleOption, readonly string[]>> = {
  min: ['aggregation', 'custom'],
  join: ['aggregation', 'list'],
  dimension: ['aggregation'],
  measure: ['aggregation'],
  'foreign-measures': ['aggregation'],
  list: ['list'],
  template: ['custom'],
};

function readRule(args: Arguments): RuleDraft {
  for (const [option, rules] of Object.entries(OF_RULES)) {
    if (args[option as keyof typeof OF_RULES] === undefined || rules.includes(args.rule)) continue;
    throw new SealroomError('USAGE_OPTION', `\`--${option}\` cannot be used with \`--rule ${args.rule}\``, {
      hint: `it belongs to ${rules.map((rule) => `\`--rule ${rule}\``).join(' and ')}`,
    });
  }
  const { min } = args;
  if (min !== undefined && !(Number.isInteger(min) && min >= 2)) {
    throw new SealroomError('USAGE_OPTION', '`--min` must be a whole number from 2 on');
  }
  return {
    kind: args.rule,
    min,
    joins: args.join,
    dimensions: args.dimension,
    measures: args.measure?.map(parseMeasure),
    foreignMeasures: args['foreign-measures'],
    shown: args.list,
    templates: args.template,
  };
}

async function runAddTable(args: Arguments, io: CliIo): Promise<void> {
  const file = await readNamedFile(io, args.manifest);
  const { text, manifest, table, isSignedNoMore, notes, warnings } = await addTable(memberEnvironment(io, args), {
    manifest: file,
    name: args.table,
    owner: args.owner,
    schema: await readNamedFile(io, args.schema),
    data:
      args.data === undefined ? undefined : tableInput(io, args.data, parseFormat('file-format', args['file-format'])),
    csv: { ...readCsvOptions(args), csvInputNull: args['csv-input-null-value'] },
    rule: readRule(args),
    replaces: args.overwrite,
  });
  await writeWholeFile(file.file, text, { overwrite: true });
  const project = await noteFiles(args, io);
  const subject = `table ${table.name}`;
  const allowed = listGrants(manifest).filter((grant) => grant.subject === subject);
  const limits = listLimits(manifest).filter((limit) => limit.subject === subject);
  const lines = [
    ...allowed.map((grant) => ({ subject: 'it allows', text: grant.text })),
    ...limits.map((limit) => ({ subject: 'it demands', text: `${limit.text}: ${String(limit.value)}` })),
  ];
  if (!args.json) {
    for (const note of notes) say(io, 'note', note);
    for (const warning of warnings) say(io, 'warning', warning);
  }
  printAnswer(io, args, { table, sha256: manifest.sha256, allowed, limits, isSignedNoMore, notes, warnings, project }, [
    `added the table ${quoteForMessage(table.name)} of ${table.owner} to ${quoteForMessage(args.manifest)}`,
    `columns: ${table.columns.map(({ name, protection, type }) => `${name} (${protection === 'cleartext' ? type : protection})`).join(', ')}`,
    ...groupLines(lines),
  ]);
  if (args.json) return;
  if (isSignedNoMore) say(io, 'hint', 'the signatures no longer hold: all members sign it with `sealroom collab sign`');
  say(io, 'hint', 'what it leaves open: `sealroom collab show`');
}

/** Notes the files of the table in the project file. @returns its path; `null` if there is none, or the table is another member's */
async function noteFiles(args: Arguments, io: CliIo): Promise<string | null> {
  const { project } = io;
  if (project === null || project === undefined || args.owner !== undefined) return null;
  const data = args.data === undefined ? {} : { data: resolve(io.cwd, args.data) };
  const name = basename(args.data ?? args.table, extname(args.data ?? ''));
  const output = join(io.cwd, `${name}.protected.parquet`);
  const { delimiter, encoding } = args;
  const schema = resolve(io.cwd, args.schema);
  await noteProjectTable(project, args.table, { ...data, schema, output, delimiter, encoding });
  return relative(io.cwd, project.file);
}

const SEVERAL = { type: 'string', array: true } as const;

function withTable(yargs: Argv): Argv<Arguments> {
  return withCsvOptions(withOutputOptions(yargs))
    .positional('table', { type: 'string', demandOption: true, describe: 'name of the table, as queries use it' })
    .option('manifest', {
      type: 'string',
      demandOption: true,
      requiresArg: true,
      describe: 'the manifest (YAML or JSON)',
    })
    .option('schema', {
      alias: 's',
      type: 'string',
      demandOption: true,
      describe: 'table schema (JSON), which says the columns',
    })
    .option('rule', { choices: RULES, demandOption: true, describe: 'the kind of analysis rule' })
    .option('data', {
      type: 'string',
      requiresArg: true,
      describe: 'the table before encryption, which says the types of cleartext columns',
    })
    .option('file-format', {
      alias: 'e',
      type: 'string',
      describe: 'csv, parquet or arrow (default: by the extension)',
    })
    .option('csv-input-null-value', {
      alias: 'r',
      type: 'string',
      array: true,
      describe: 'CSV text that means null in the input; may be repeated (default: blank and "")',
    })
    .option('min', { type: 'number', describe: 'persons that must be behind each row of an answer, at least' })
    .option('owner', {
      type: 'string',
      requiresArg: true,
      describe: 'id of the member that brings it (default: yours)',
    })
    .option('join', {
      ...SEVERAL,
      describe: 'column that may be joined; may be repeated (default: all fingerprint columns)',
    })
    .option('dimension', {
      ...SEVERAL,
      describe: 'column to group and filter by; may be repeated (default: cleartext columns that are no numbers)',
    })
    .option('measure', {
      ...SEVERAL,
      describe:
        'aggregate that is allowed, as SUM(amount); may be repeated (default: counting persons; sums and averages of numbers)',
    })
    .option('foreign-measures', {
      type: 'boolean',
      describe: "let queries also sum and average columns of other members' tables",
    })
    .option('list', {
      ...SEVERAL,
      describe: 'column that a list shows; may be repeated (default: all but fingerprints)',
    })
    .option('template', { ...SEVERAL, describe: 'id of a template that a custom rule allows; may be repeated' })
    .option('overwrite', { type: 'boolean', default: false, describe: 'replace the table of this name' })
    .option('home', {
      type: 'string',
      requiresArg: true,
      describe: 'home whose card says who you are (default: SEALROOM_HOME, else ~/.sealroom)',
    });
}

/** Adds `add-table` to the commands of `sealroom collab`. */
export function withTableCommand(yargs: Argv, io: CliIo): Argv {
  return yargs.command('add-table <table>', 'add a table and its analysis rule to the manifest', withTable, (args) =>
    runAddTable(args, io),
  );
}
