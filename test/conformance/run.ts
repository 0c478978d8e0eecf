/**
 * Runs a folder of vectors laid out like test/vectors/c3r through the public API, on all kernels:
 *
 *   npm run vectors -- <folder>
 *
 * Prints a line per wrong case and then `N passed, N failed`. Exit code 0: all passed; 1: some failed, or there were none;
 * 2: the folder or a file in it cannot be read.
 */
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { VectorsError } from './kit/case.ts';
import { loadVectors } from './kit/load.ts';
import { describeFailure, runCases } from './kit/run.ts';

/** Where a run prints to. */
export interface Streams {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
}

/** The whole program but for the process: takes its arguments, returns its exit code. */
export async function runVectors(args: readonly string[], { out, err }: Streams): Promise<0 | 1 | 2> {
  const [folder, ...rest] = args;
  if (folder === undefined || rest.length > 0) {
    err('error: expected one folder of vectors: npm run vectors -- <folder>');
    return 2;
  }
  try {
    const { passed, failures } = await runCases(await loadVectors(folder));
    for (const failure of failures) out(describeFailure(failure));
    out(`${String(passed)} passed, ${String(failures.length)} failed`);
    if (passed + failures.length === 0) err(`error: ${folder} holds no vectors`);
    return failures.length === 0 && passed > 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof VectorsError)) throw error;
    err(`error: ${error.message.replaceAll(/[\r\n]+/g, ' ')}`);
    return 2;
  }
}

const [, program] = process.argv;
if (program !== undefined && realpathSync(program) === realpathSync(fileURLToPath(import.meta.url))) {
  process.exitCode = await runVectors(process.argv.slice(2), {
    out: (line) => process.stdout.write(`${line}\n`),
    err: (line) => process.stderr.write(`${line}\n`),
  });
}
