import { join } from 'node:path';
import type { CollaborationSettings } from 'sealroom';
import { VectorsError } from './case.ts';
import { optionalNumber, optionalText, readTextFile, requireRecord, textOf, textsOf } from './json.ts';
import type { Members } from './json.ts';
import { settingsOf } from './settings.ts';

/** The options of C3R's command line that a case was made with. */
export interface FileOptions {
  readonly inputNull: string | undefined;
  readonly outputNull: string | undefined;
  readonly binaryAsString: boolean | undefined;
  readonly failOnFingerprints: boolean;
}

/** One direction of a case: how C3R ran and what it gave. */
export interface FileRun {
  readonly options: FileOptions;
  readonly exit: number;
  /** Path of the file it wrote, or `null` if it failed. */
  readonly output: string | null;
  readonly error: string;
}

/** A case of files/manifest.json: C3R encrypted a file, and decrypted what it got. */
export interface FileCase {
  readonly name: string;
  readonly format: 'csv' | 'parquet';
  readonly input: string;
  readonly schemaText: string;
  readonly secret: string;
  readonly id: string;
  readonly settings: CollaborationSettings;
  readonly encrypt: FileRun;
  readonly decrypt: FileRun;
}

/** C3R's argument parser takes one pair of quotes off an option's value. */
function unquote(value: string): string {
  return value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
}

function isTrue(value: string | undefined): boolean {
  return value === undefined || value.toLowerCase() === 'true';
}

/** Options by C3R's spellings; `--name=value`, and `--name value` where an option takes one. */
function parseArguments(given: readonly string[], name: string): FileOptions {
  let options: FileOptions = {
    inputNull: undefined,
    outputNull: undefined,
    binaryAsString: undefined,
    failOnFingerprints: false,
  };
  const rest = [...given];
  for (let token = rest.shift(); token !== undefined; token = rest.shift()) {
    const [, option = token, attached] = /^(-{1,2}[A-Za-z]+)=(.*)$/su.exec(token) ?? [];
    const takeValue = (): string => unquote(attached ?? rest.shift() ?? '');
    switch (option) {
      case '--csvInputNULLValue':
      case '-r':
        options = { ...options, inputNull: takeValue() };
        break;
      case '--csvOutputNULLValue':
      case '-w':
        options = { ...options, outputNull: takeValue() };
        break;
      case '--parquetBinaryAsString':
        options = { ...options, binaryAsString: isTrue(attached) };
        break;
      case '--failOnFingerprintColumns':
      case '--fof':
        options = { ...options, failOnFingerprints: isTrue(attached) };
        break;
      case '--fileFormat':
      case '-e':
      case '--tempDir':
      case '-d':
        takeValue();
        break;
      case '--overwrite':
      case '-f':
      case '--enableStackTraces':
      case '-v':
        break;
      default:
        throw new VectorsError(`argument of case ${name} expected one of C3R's, got \`${option}\``);
    }
  }
  return options;
}

function readRun(members: Members, verb: 'encrypt' | 'decrypt', folder: string): FileRun {
  const output = optionalText(members, `${verb}ed`);
  return {
    options: parseArguments(textsOf({ [`${verb}_args`]: [], ...members }, `${verb}_args`), textOf(members, 'name')),
    exit: optionalNumber(members, `${verb}_exit`) ?? 0,
    output: output === null ? null : join(folder, output),
    error: optionalText(members, `${verb}_error`) ?? '',
  };
}

/**
 * A case of a manifest.
 *
 * @param filesFolder the folder of the manifest, with a folder per case
 * @throws {VectorsError} if it cannot be understood, or its schema cannot be read.
 */
export async function readFileCase(members: Members, filesFolder: string): Promise<FileCase> {
  const name = textOf(members, 'name');
  const folder = join(filesFolder, name);
  const format = textOf(members, 'format');
  if (format !== 'csv' && format !== 'parquet') throw new VectorsError(`format of ${name} expected csv or parquet`);
  const schemaFile = join(folder, textOf(members, 'schema'));
  const schemaText = await readTextFile(schemaFile);
  return {
    name,
    format,
    input: join(folder, textOf(members, 'input')),
    schemaText,
    secret: textOf(members, 'secret'),
    id: textOf(members, 'id'),
    settings: settingsOf(requireRecord(members['settings'], 'settings')),
    encrypt: readRun(members, 'encrypt', folder),
    decrypt: readRun(members, 'decrypt', folder),
  };
}
