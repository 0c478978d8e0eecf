// Prints every table of docs/performance.md anew, section by section: npm run bench:all -- [WORD ...]
// The commands are those in the headings of the page; with words, only of headings that contain one of them.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

const ROOT = join(import.meta.dirname, '..');

const words = process.argv.slice(2);
const page = readFileSync(join(ROOT, 'docs/performance.md'), 'utf8');
for (const [heading, command = ''] of page.matchAll(/^## .*: `(npm run [^`]+)`$/gm)) {
  if (words.length > 0 && !words.some((word) => heading.toLowerCase().includes(word.toLowerCase()))) continue;
  process.stdout.write(`\n${heading}\n\n`);
  const started = performance.now();
  const { status } = spawnSync('sh', ['-c', command], { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
  process.stdout.write(`\ntook ${String(Math.round((performance.now() - started) / 1000))} s\n`);
  if (status === 0) continue;
  process.stderr.write(`error: \`${command}\` failed\n`);
  process.exitCode = 1;
}
