// Runs one `sealroom` command in this process and writes what it cost to the file that BENCH_REPORT names:
// CPU seconds of the whole process, wall seconds of the command, peak memory.
import { writeFileSync } from 'node:fs';
import process from 'node:process';
import { runCli } from '../dist/cli/run.js';

const started = performance.now();
const code = await runCli({
  argv: process.argv.slice(2),
  env: process.env,
  cwd: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
});
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
writeFileSync(
  process.env['BENCH_REPORT'] ?? '/dev/stderr',
  JSON.stringify({
    code,
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
    wallSeconds: (performance.now() - started) / 1000,
    peakMiB: maxRSS / 1024,
  }),
);
process.exitCode = code;
