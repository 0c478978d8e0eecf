import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseManifest } from 'sealroom/collab';
import { type CheckContext, checkQuery, QueryParser, type Verdict, verifyFixes } from 'sealroom/query';
import { FILE, SUITE } from '../test/adversarial/adversarial-file.ts';
import { describeLoad } from './load.ts';

const WARM_UP_ROUNDS = 5;

interface Asked {
  readonly sql: string;
  readonly context: CheckContext;
}

interface ShapesFile {
  readonly manifest: { readonly settings: object; readonly tables: readonly object[] };
  readonly cases: readonly { readonly sql: string; readonly parameters?: object }[];
}

/** What users of AWS Clean Rooms ask, except templates. */
function shapes(): readonly Asked[] {
  const path = join(import.meta.dirname, '../test/vectors/aws-shapes.json');
  const { manifest: content, cases } = JSON.parse(readFileSync(path, 'utf8')) as ShapesFile;
  const abilities = ['CAN_QUERY', 'CAN_RECEIVE_RESULTS'];
  const members = ['publisher', 'brand'].map((id) => ({ id, abilities }));
  const id = '7a2c1e9e-3f5b-4b1e-9f0e-0d6a1d1c2b33';
  const manifest = parseManifest(JSON.stringify({ version: 1, id, name: 'shapes', members, ...content }));
  const plain = cases.filter(({ parameters }) => parameters === undefined);
  return plain.map(({ sql }) => ({ sql, context: { manifest, member: 'brand', receivers: ['brand'] } }));
}

/** The queries of the adversarial file that need no differential privacy. */
function attacks(): readonly Asked[] {
  return FILE.cases
    .filter((each) => !SUITE.needsDifferentialPrivacy(each))
    .map((each) => ({ sql: SUITE.sqlOf(each), context: SUITE.checkContextOf(each) }));
}

function percentile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

function describeTimes(what: string, times: readonly number[]): string {
  const [p50, p99, max] = [0.5, 0.99, 1].map((share) => percentile(times, share).toFixed(2).padStart(8));
  return `  ${what.padEnd(30)} p50 ${p50 ?? ''} ms  p99 ${p99 ?? ''} ms  max ${max ?? ''} ms`;
}

function outcomeOf(verdict: Verdict): string {
  if (verdict.allowed) return 'allowed';
  return verdict.findings.some(({ fix }) => fix !== undefined) ? 'refused, with fixes' : 'refused';
}

/** Times of the parts of a check: reading the text, the first verdict, the verdict with its fixes, by what came of it. */
class Times {
  readonly #all = new Map<string, number[]>();

  add(what: string, time: number): void {
    const times = this.#all.get(what) ?? [];
    this.#all.set(what, times);
    times.push(time);
  }

  lines(): readonly string[] {
    return [...this.#all].map(([what, times]) => describeTimes(what, times));
  }
}

async function timeCheck(
  { sql, context }: Asked,
  parser: QueryParser,
): Promise<readonly (readonly [string, number])[]> {
  const { dialect } = context.manifest;
  const start = performance.now();
  const parsed = await parser.parse(sql, dialect);
  const read = performance.now();
  const first = checkQuery(parsed, context);
  const checked = performance.now();
  await verifyFixes(sql, first, async (text) => checkQuery(await parser.parse(text, dialect), context));
  const end = performance.now();
  return [
    ['reading', read - start],
    ['checking', checked - read],
    [`all: ${outcomeOf(first)}`, end - start],
  ];
}

/** What is measured, from the text to the SQL that runs, or to the findings and their fixes: lines to print. */
export async function benchChecks(rounds: number): Promise<readonly string[]> {
  const lines: string[] = [];
  using parser = await QueryParser.open();
  for (const [name, queries] of Object.entries({ shapes: shapes(), attacks: attacks() })) {
    const times = new Times();
    const whole = new Map<string, number[]>(queries.map(({ sql }) => [sql, []]));
    for (let round = -WARM_UP_ROUNDS; round < rounds; round += 1) {
      for (const asked of queries) {
        const parts = await timeCheck(asked, parser);
        if (round < 0) continue;
        for (const [what, time] of parts) times.add(what, time);
        whole.get(asked.sql)?.push(parts.at(-1)?.[1] ?? Number.NaN);
      }
    }
    lines.push(
      `checks of ${name}: ${String(queries.length)} queries, ${String(rounds)} rounds, load ${describeLoad()}`,
    );
    lines.push(...times.lines());
    const medians = [...whole.values()].map((all) => percentile(all, 0.5));
    lines.push(`  the slowest query has a median of ${Math.max(...medians).toFixed(2)} ms`);
  }
  return lines;
}
