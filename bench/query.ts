// How long a query is checked: npm run bench:query -- [rounds]
//
// Each query of the adversarial file that needs no differential privacy, `rounds` times (default 50) after a warm-up. Checking
// is everything from the parser's tree to the SQL that runs; reading is DuckDB's parser.
import { cpus } from 'node:os';
import process from 'node:process';
import { checkQuery, QueryParser } from 'sealroom/query';
import { checkContextOf, FILE, SUITE } from '../test/query/adversarial-file.ts';

const WARM_UP_ROUNDS = 5;

function percentile(times: readonly number[], share: number): string {
  const sorted = times.toSorted((a, b) => a - b);
  const time = sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
  return `${time.toFixed(2).padStart(8)} ms`;
}

function report(what: string, times: readonly number[]): void {
  const [p50, p99, max] = [0.5, 0.99, 1].map((share) => percentile(times, share));
  process.stdout.write(`${what.padEnd(10)} p50 ${p50 ?? ''}  p99 ${p99 ?? ''}  max ${max ?? ''}\n`);
}

const rounds = Number(process.argv[2] ?? 50);
if (!Number.isSafeInteger(rounds) || rounds < 1) throw new RangeError('expected a number of rounds');
const cases = FILE.cases.filter((each) => each.context !== 'dp');
const contexts = cases.map((each) => ({ sql: SUITE.sqlOf(each), context: checkContextOf(each) }));
using parser = await QueryParser.open();
const reading: number[] = [];
const checking: number[] = [];
for (let round = -WARM_UP_ROUNDS; round < rounds; round += 1) {
  for (const { sql, context } of contexts) {
    const start = performance.now();
    const parsed = await parser.parse(sql);
    const read = performance.now();
    checkQuery(parsed, context);
    const end = performance.now();
    if (round < 0) continue;
    reading.push(read - start);
    checking.push(end - read);
  }
}
const model = cpus()[0]?.model ?? 'unknown';
process.stdout.write(
  `${model}, ${String(cpus().length)} cores, Node ${process.version}, ${String(cases.length)} queries, ${String(rounds)} rounds\n`,
);
report('reading', reading);
report('checking', checking);
