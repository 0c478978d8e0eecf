/**
 * Runs a file of queries with their right verdicts, of the format of test/vectors/adversarial.json, through the public API:
 *
 *   npm run adversarial -- <file>
 *
 * Each query is parsed and checked in its context; what is allowed runs over the data of the file, and its rows are counted
 * where the file gives their number. A case is right if its verdict is, and its number of rows. Prints a line per wrong case, a
 * note per case that is refused for other reasons than the file names, the cases that wait for differential privacy, and then
 * `N passed, N failed`. Exit code 0: all passed; 1: some failed, or there were none; 2: the file cannot be read.
 */
import { realpathSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { FileError, parseAdversarialFile } from './kit/file.ts';
import { runSuite } from './kit/run.ts';
import { AdversarialSuite } from './kit/suite.ts';

/** Where a run prints to. */
export interface Streams {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    throw new FileError(`it cannot be read (${code})`);
  });
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*[\r\n]+\s*/g, ' ');
}

/** The whole program but for the process: takes its arguments, returns its exit code. */
export async function runAdversarial(args: readonly string[], { out, err }: Streams): Promise<0 | 1 | 2> {
  const [path, ...rest] = args;
  if (path === undefined || rest.length > 0) {
    err('error: expected one file: npm run adversarial -- <file>');
    return 2;
  }
  try {
    const suite = new AdversarialSuite(parseAdversarialFile(await readText(path)));
    const { passed, failures, otherCodes, notRun } = await runSuite(suite);
    for (const { name, expected, got } of failures) out(oneLine(`${name}: expected ${expected}, got ${got}`));
    for (const { name, expected, got } of otherCodes) out(`note: ${name}: refused for ${got}, not for ${expected}`);
    if (notRun.length > 0) {
      out(`${String(notRun.length)} not run, since they need differential privacy: ${notRun.join(', ')}`);
    }
    out(`${String(passed)} passed, ${String(failures.length)} failed`);
    if (passed + failures.length === 0) err(`error: ${path} has no case that can be run`);
    return failures.length === 0 && passed > 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    err(oneLine(`error: ${path}: ${error.message}`));
    return 2;
  }
}

const [, program] = process.argv;
if (program !== undefined && realpathSync(program) === realpathSync(fileURLToPath(import.meta.url))) {
  process.exitCode = await runAdversarial(process.argv.slice(2), {
    out: (line) => process.stdout.write(`${line}\n`),
    err: (line) => process.stderr.write(`${line}\n`),
  });
}
