// Loaded into a `sealroom` process before its own code: writes the kilobytes of its largest resident set to the file that
// BENCH_PEAK names when it ends.
import { writeFileSync } from 'node:fs';
import process from 'node:process';
import { isMainThread } from 'node:worker_threads';

const file = process.env['BENCH_PEAK'];
// Threads load this too.
if (isMainThread && file !== undefined) {
  process.on('exit', () => writeFileSync(file, String(process.resourceUsage().maxRSS)));
}
