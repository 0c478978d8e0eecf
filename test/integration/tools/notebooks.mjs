// Executes the notebooks, compares their outputs with the committed ones, and renews them.
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { compareNotebooks } from './compare-outputs.mjs';
import { cacheFolder, deno, pythonWithTools, run } from './toolbox.mjs';

const root = join(import.meta.dirname, '..', '..', '..');

/** The paths of all notebooks. */
export function listNotebooks() {
  const folder = join(root, 'notebooks');
  const names = readdirSync(folder).filter((name) => name.endsWith('.ipynb'));
  if (names.length === 0) throw new Error('expected notebooks/*.ipynb, got none');
  return names.map((name) => join(folder, name));
}

/**
 * Executes notebooks and says what is wrong with them, or writes their outputs.
 *
 * @param {readonly string[]} notebooks paths
 * @param {{ write?: boolean }} [options] `write` replaces the notebooks whose outputs are out of date, if no cell failed
 * @returns {{ passed: number, failed: number, skipped: number }}
 * @throws {import('./toolbox.mjs').Unavailable} if Deno or Python cannot be had
 */
export function runNotebooks(notebooks, { write = false } = {}) {
  const execute = notebookRunner();
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const notebook of notebooks) {
    const started = Date.now();
    const { problems, isRenewed } = execute(notebook, { write });
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    const isFine = problems.length === 0 || isRenewed;
    const verdict = isRenewed ? 'new ' : isFine ? 'ok  ' : 'FAIL';
    console.log(`${verdict} ${relative(root, notebook)} (${seconds} s)`);
    for (const problem of problems) console.log(`     ${problem}`);
    if (problems.some((problem) => problem.includes('committed'))) {
      if (!isRenewed)
        console.log(`     hint: \`npm run notebooks ${basename(notebook)}\` writes its outputs anew; look at them`);
    }
    counts[isFine ? 'passed' : 'failed']++;
  }
  return counts;
}

/**
 * Installs what is missing and returns the function that executes a notebook.
 *
 * @returns {(notebook: string, options: { write: boolean }) => { problems: string[], isRenewed: boolean }}
 */
function notebookRunner() {
  const python = pythonWithTools();
  const kernels = installKernel(deno());
  const script = join(import.meta.dirname, 'execute_notebook.py');
  return (notebook, { write }) => {
    const folder = mkdtempSync(join(tmpdir(), 'sealroom-notebook-'));
    try {
      const executed = join(folder, basename(notebook));
      const { ok, output } = run(python, [script, notebook, executed], {
        quiet: true,
        env: {
          JUPYTER_PATH: kernels,
          JUPYTER_RUNTIME_DIR: folder,
          IPYTHONDIR: folder,
          MPLCONFIGDIR: join(cacheFolder(), 'matplotlib'),
          DENO_DIR: join(cacheFolder(), 'deno-modules'),
          DENO_NO_UPDATE_CHECK: '1',
          // As after `pip install ./python` and `npm install --global .`.
          PYTHONPATH: join(root, 'python', 'src'),
          SEALROOM_CLI: join(root, 'dist', 'bin', 'sealroom.js'),
        },
      });
      if (!ok) return { problems: [`was not executed:\n${output}`], isRenewed: false };
      const fresh = readNotebook(executed);
      const problems = compareNotebooks(readNotebook(notebook), fresh);
      const hasFailed = fresh.cells.some(({ outputs = [] }) =>
        outputs.some(({ output_type: type }) => type === 'error'),
      );
      const isRenewed = write && problems.length > 0 && !hasFailed;
      if (isRenewed) copyFileSync(executed, notebook);
      return { problems, isRenewed };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
}

/**
 * Registers Deno's kernel in the cache folder, not in the user's home.
 *
 * @param {string} binary
 * @returns {string} the folder for JUPYTER_PATH
 */
function installKernel(binary) {
  const home = join(cacheFolder(), 'home');
  mkdirSync(home, { recursive: true });
  // Deno writes below HOME whatever Jupyter's variables say; --force replaces the kernel of an earlier run.
  const { ok, output } = run(binary, ['jupyter', '--install', '--force'], { quiet: true, env: { HOME: home } });
  if (!ok) throw new Error(`\`deno jupyter --install\` failed: ${output}`);
  return join(home, '.local', 'share', 'jupyter');
}

/**
 * @param {string} path
 * @returns {import('./compare-outputs.mjs').Notebook}
 */
function readNotebook(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}
