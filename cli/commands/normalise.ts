import { relative, resolve } from 'node:path';
import type { Argv, CommandModule } from 'yargs';
import { normaliseForPartner } from '../../src/actions/member/tables.ts';
import { SealroomError } from '../../src/errors/index.ts';
import { readTextFile } from '../../src/files/index.ts';
import { checkTransfer } from '../../src/tabular/index.ts';
import { readFiles, type TransferArguments, withTransferOptions } from '../options/table-options.ts';
import { describeNormalised } from '../output/summary.ts';
import { type CliIo, say, STANDARD_STREAM, tell } from '../terminal.ts';

/** The arguments of `normalise`. */
interface NormaliseArguments extends TransferArguments {
  readonly schema: string;
  readonly 'schema-output': string | undefined;
  readonly 'parquet-binary-as-string': boolean | undefined;
}

async function runNormalise(args: NormaliseArguments, io: CliIo): Promise<void> {
  const schemaOutput = args['schema-output'];
  if (schemaOutput === STANDARD_STREAM) throw new SealroomError('USAGE_OPTION', '`--schema-output` must be a file');
  const table = await readFiles(io, args);
  await checkTransfer(table);
  const { summary, schema } = await normaliseForPartner({
    table: { ...table, signal: io.signal },
    schema: { text: await readTextFile(resolve(io.cwd, args.schema)), file: args.schema },
    schemaOutput: schemaOutput === undefined ? null : resolve(io.cwd, schemaOutput),
    parquetBinaryAsString: args['parquet-binary-as-string'],
  });
  const output = table.output.kind === 'file' ? table.output.path : STANDARD_STREAM;
  if (args.json) {
    const facts = { output: args['dry-run'] ? null : output, ...summary, schema: JSON.parse(schema) as unknown };
    (output === STANDARD_STREAM ? io.stderr : io.stdout).write(`${JSON.stringify(facts)}\n`);
    return;
  }
  for (const note of summary.notes) say(io, 'note', note);
  for (const warning of summary.warnings) say(io, 'warning', warning);
  const name = output === STANDARD_STREAM ? 'standard output' : relative(io.cwd, output) || output;
  const lines = [
    args['dry-run']
      ? 'dry run: everything was checked, nothing was written'
      : `wrote ${name}: its values are not protected`,
    ...(schemaOutput === undefined || args['dry-run'] ? [] : [`wrote ${schemaOutput}, the schema that goes with it`]),
    `rows: ${summary.rows.toLocaleString('en')}`,
    ...summary.normalised.map(describeNormalised),
  ];
  tell(io, lines.join('\n'));
}

function describeOptions(yargs: Argv): Argv<NormaliseArguments> {
  return withTransferOptions(yargs)
    .option('schema', { alias: 's', type: 'string', demandOption: true, describe: 'table schema (JSON)' })
    .option('schema-output', {
      type: 'string',
      requiresArg: true,
      describe: 'also write the schema that protects the output, without normalisation, as C3R reads it',
    })
    .option('parquet-binary-as-string', {
      type: 'boolean',
      describe: 'treat binary Parquet columns without annotation as text',
    });
}

/** `sealroom normalise <input>`: writes the columns of a schema normalised and in clear, for a partner who encrypts with C3R. */
export function normaliseCommand(io: CliIo): CommandModule<object, NormaliseArguments> {
  return {
    builder: describeOptions,
    handler: (args) => runNormalise(args, io),
  };
}
