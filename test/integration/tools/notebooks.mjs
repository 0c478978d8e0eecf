// Executes notebooks with Deno's Jupyter kernel and judges their outputs.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { cacheFolder, deno, notebookPython, run } from './toolbox.mjs';

/**
 * @typedef {{ output_type: string, ename?: string, evalue?: string }} Output
 * @typedef {{ cell_type: string, source: string | string[], outputs?: Output[], execution_count?: number | null }} Cell
 * @typedef {{ cells: Cell[] }} Notebook
 * @typedef {(notebook: string) => string[]} ExecuteNotebook what is wrong with the notebook at a path, if anything
 */

/**
 * Installs what is missing and returns the function that executes a notebook.
 *
 * @returns {ExecuteNotebook}
 * @throws {import('./toolbox.mjs').Unavailable} if Deno or Python cannot be had
 */
export function notebookRunner() {
  const python = notebookPython();
  const kernels = installKernel(deno());
  const script = join(import.meta.dirname, 'execute_notebook.py');
  return (notebook) => {
    const folder = mkdtempSync(join(tmpdir(), 'sealroom-notebook-'));
    try {
      const executed = join(folder, basename(notebook));
      const { ok, output } = run(python, [script, notebook, executed], {
        quiet: true,
        env: {
          JUPYTER_PATH: kernels,
          JUPYTER_RUNTIME_DIR: folder,
          DENO_DIR: join(cacheFolder(), 'deno-modules'),
          DENO_NO_UPDATE_CHECK: '1',
        },
      });
      return ok ? judge(readNotebook(notebook), readNotebook(executed)) : [`was not executed:\n${output}`];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
}

/**
 * What is wrong with an executed notebook, compared to the one in the repository.
 *
 * @param {Notebook} source
 * @param {Notebook} executed
 * @returns {string[]} one line per failed, unexecuted or silenced cell
 */
export function judge(source, executed) {
  return executed.cells.flatMap((cell, index) => {
    if (cell.cell_type !== 'code' || [cell.source].flat().join('').trim() === '') return [];
    const place = `cell ${index + 1}`;
    const outputs = cell.outputs ?? [];
    const errors = outputs.filter((output) => output.output_type === 'error');
    if (errors.length > 0) return errors.map((error) => `${place}: ${error.ename ?? 'error'}: ${error.evalue ?? ''}`);
    if (typeof cell.execution_count !== 'number') return [`${place}: was not executed`];
    const expected = source.cells[index]?.outputs?.length ?? 0;
    return outputs.length === 0 && expected > 0 ? [`${place}: expected ${expected} outputs, got none`] : [];
  });
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
 * @returns {Notebook}
 */
function readNotebook(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}
