import type { Argv } from 'yargs';
import type { OpenOptions } from '../../src/tabular/index.ts';

/** The options of all commands that read CSV files as people have them. */
export interface CsvArguments {
  readonly delimiter: string | undefined;
  readonly encoding: string | undefined;
}

/** Declares the options for CSV files as people have them. */
export function withCsvOptions<T>(yargs: Argv<T>): Argv<T & CsvArguments> {
  return yargs
    .option('delimiter', {
      type: 'string',
      requiresArg: true,
      describe: "CSV: what separates fields: ',', ';', '|', tab or another character (default: found out, and said)",
    })
    .option('encoding', {
      type: 'string',
      requiresArg: true,
      describe: 'CSV: encoding, such as windows-1252 or utf-16le (default: by the byte order mark, else utf-8)',
    });
}

/** Reads the options for CSV files. */
export function readCsvOptions({
  delimiter,
  encoding,
}: CsvArguments): Pick<OpenOptions, 'csvDelimiter' | 'csvEncoding'> {
  return { csvDelimiter: delimiter, csvEncoding: encoding };
}
