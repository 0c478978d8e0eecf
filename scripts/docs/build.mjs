// Builds the site of the documents into site/: docs/, notebooks/ and the API reference. A broken link fails.
//
//   npm run docs
import { spawn } from 'node:child_process';
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { checkSite } from './check-site.mjs';
import { ROOT } from './pages.mjs';
import { OUTPUT, stage } from './stage.mjs';

/**
 * Runs a program of node_modules.
 *
 * @param {string} script
 * @param {readonly string[]} args
 * @returns {Promise<void>}
 */
function run(script, ...args) {
  const child = spawn(process.execPath, [join(ROOT, 'node_modules', script), ...args], { cwd: ROOT });
  let words = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (part) => (words += part));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => {
      if (status === 0) resolve();
      else reject(new Error(`${script} failed\n${words.trimEnd()}`));
    });
  });
}

try {
  rmSync(OUTPUT, { recursive: true, force: true });
  stage();
  const reference = join(ROOT, 'out', 'api');
  await Promise.all([
    run('vitepress/bin/vitepress.js', 'build', 'scripts/docs'),
    run('typedoc/bin/typedoc', '--options', 'scripts/docs/typedoc.json', '--out', reference),
  ]);
  // VitePress empties its folder when it begins.
  renameSync(reference, join(OUTPUT, 'api'));
  const faults = checkSite(OUTPUT);
  if (faults.length > 0) throw new Error(`broken links:\n${faults.join('\n')}`);
  console.log('site/ is built; look at it with: npx vitepress preview scripts/docs');
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
