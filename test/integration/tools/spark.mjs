// Spark itself, to ask again for the answers that `npm test` compares with.
import { join } from 'node:path';
import { run, sparkPython } from './toolbox.mjs';

/** The files of test/vectors with answers of Spark. */
const FILES = ['spark-meaning.json', 'spark-queries.json'];

/**
 * Asks Spark for all recorded answers.
 *
 * @param {string} root of the repository
 * @returns {{ answers: number, differences: readonly string[] }}
 * @throws {Error} if Spark does not run to its end
 */
export function askSpark(root) {
  const all = FILES.map((file) => askFile(root, file));
  return {
    answers: all.reduce((sum, { answers }) => sum + answers, 0),
    differences: all.flatMap(({ differences }) => differences),
  };
}

/**
 * @param {string} root of the repository
 * @param {string} file
 */
function askFile(root, file) {
  const python = sparkPython();
  const script = join(root, 'test', 'integration', 'spark', 'record.py');
  const cases = join(root, 'test', 'vectors', file);
  const { output } = run(python, ['-W', 'ignore', script, cases, '--check'], { quiet: true });
  const [, answers, count] = /^spark \S+: (\d+) asked, (\d+) differ$/m.exec(output) ?? [];
  if (answers === undefined) throw new Error(`Spark did not answer: ${output.slice(-2000)}`);
  const differences = output.split('\n').filter((line) => line.includes(': recorded '));
  if (differences.length !== Number(count))
    throw new Error(`expected ${String(count)} differences in: ${output.slice(0, 2000)}`);
  return { answers: Number(answers), differences };
}
