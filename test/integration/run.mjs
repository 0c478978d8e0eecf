// The tests that need more than the repository, or take long: the package as it is published, keys in tokens and services, the
// age command, the native kernel, the scan of whole sessions for secrets, the kernel in a browser, the package for Python, the notebooks,
// the answers of Spark, and what tables cost beside what they cost before.
//
//   npm run test:integration
//
// What they need is installed by ordinary package clients into ~/.cache/sealroom-integration (or $XDG_CACHE_HOME).
// A step whose tools cannot be had is skipped with its reason; with CI=true that is a failure.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkInBrowser } from './tools/browser.mjs';
import { listNotebooks, runNotebooks } from './tools/notebooks.mjs';
import { checkPython } from './tools/python.mjs';
import { askSpark } from './tools/spark.mjs';
import { Unavailable, chromium, cppCompiler, pythonWithTools, run } from './tools/toolbox.mjs';

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

const root = join(import.meta.dirname, '..', '..');

/** Properties are tried four times as often as in `npm test` (test/support/runs.ts). */
const MORE_RUNS = { SEALROOM_RUNS: '0.5' };

const PROJECTS_OF_NPM_TEST = ['--project', 'unit', '--project', 'io', '--project', 'alone'];

/** @type {Record<string, () => Counts | Promise<Counts>>} */
const STEPS = {
  // First: all that follows, here and on other versions of Node, then runs on it.
  'the native kernel, built here': native,
  'vitest, test/integration': () => suite(['--project', 'integration'], MORE_RUNS),
  'the other properties, more of their runs': () => suite([...PROJECTS_OF_NPM_TEST, ...filesWithRuns()], MORE_RUNS),
  'kernel and tables in Chromium': browser,
  'the package for Python': python,
  'notebooks, and their outputs': () => runNotebooks(listNotebooks()),
  'what Spark answers': spark,
  'costs, beside the committed ones': figures,
};

const total = { passed: 0, failed: 0, skipped: 0 };
for (const [name, step] of Object.entries(STEPS)) {
  console.log(`\n== ${name}`);
  const counts = await attempt(step);
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
}
const skipped = total.skipped === 0 ? '' : `, ${total.skipped} skipped`;
console.log(`\nintegration: ${total.passed} passed, ${total.failed} failed${skipped}`);
process.exitCode = total.failed === 0 ? 0 : 1;

/**
 * @param {() => Counts | Promise<Counts>} step
 * @returns {Promise<Counts>}
 */
async function attempt(step) {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof Unavailable) || (process.env['CI'] ?? '') !== '') {
      console.error(error instanceof Unavailable ? `failed: ${error.message}` : error);
      return { passed: 0, failed: 1, skipped: 0 };
    }
    console.log(`skipped: ${error.message}`);
    return { passed: 0, failed: 0, skipped: 1 };
  }
}

/** Alone, after all else: nothing of ours may run beside it. */
function figures() {
  const guard = join(root, 'bench', 'guard.ts');
  const { ok, output } = run(process.execPath, ['--import', 'tsx', guard], {
    cwd: root,
    quiet: true,
    timeoutMs: 600_000,
  });
  console.log(output);
  return countsOf(/^figures: (\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/m, output, ok);
}

/** The test files that try a part of their runs in `npm test` (test/support/runs.ts). */
function filesWithRuns() {
  const names = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join('test', name))
    .filter((name) => readFileSync(join(root, name), 'utf8').includes('support/runs.ts'));
}

/**
 * @param {string[]} args
 * @param {Record<string, string>} env
 * @returns {Counts}
 */
function suite(args, env) {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const { ok, output } = run(process.execPath, [vitest, 'run', ...args], {
    cwd: root,
    quiet: true,
    env,
    timeoutMs: 1_200_000,
  });
  console.log(output);
  return countsOf(/^tests: (\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/m, output, ok);
}

/**
 * @param {RegExp} pattern of the line with the counts: passed, failed, skipped
 * @param {string} output
 * @param {boolean} ok whether the program ended well
 * @returns {Counts}
 */
function countsOf(pattern, output, ok) {
  const [, passed = 0, failed = 0, skipped = 0] = (pattern.exec(output) ?? []).map((count) => Number(count ?? 0));
  return { passed, failed: ok ? failed : Math.max(failed, 1), skipped };
}

/**
 * Builds the native kernel. Then what `npm test` has of the kernels and of the tables around them runs on it.
 *
 * @returns {Counts}
 */
function native() {
  cppCompiler();
  const { ok, output } = run(process.execPath, ['scripts/build-native.mjs'], { cwd: root, quiet: true });
  console.log(output);
  if (!ok) return { passed: 0, failed: 1, skipped: 0 };
  const folders = ['test/crypto', 'test/protect/machine', 'test/protect/encrypt/lines', 'test/protect/decrypt/lines'];
  return suite([...PROJECTS_OF_NPM_TEST, ...folders], {});
}

/** @returns {Promise<Counts>} */
async function browser() {
  const program = chromium();
  console.log(`${program}: ${run(program, ['--version'], { quiet: true }).output.split('\n')[0]}`);
  const checks = await checkInBrowser(program);
  for (const { name, problem } of checks) {
    console.log(`${problem === null ? 'ok  ' : 'FAIL'} ${name}`);
    if (problem !== null) console.log(`     ${problem}`);
  }
  const failed = checks.filter(({ problem }) => problem !== null).length;
  return { passed: checks.length - failed, failed, skipped: 0 };
}

/** @returns {Counts} */
function python() {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const { name, problem } of checkPython(pythonWithTools())) {
    console.log(`${problem === null ? 'ok  ' : 'FAIL'} ${name}`);
    if (problem !== null) console.log(problem);
    counts[problem === null ? 'passed' : 'failed']++;
  }
  return counts;
}

/** @returns {Counts} */
function spark() {
  const started = Date.now();
  const { answers, differences } = askSpark(root);
  for (const difference of differences) console.log(`FAIL ${difference}`);
  console.log(`${answers} answers of Spark (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  return { passed: answers - differences.length, failed: differences.length, skipped: 0 };
}
