import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseManifest } from 'sealroom/collab';
import { type CheckContext, checkQuery, QueryParser, type Verdict, verifyFixes } from 'sealroom/query';
import { FILE, SUITE } from '../test/adversarial/adversarial-file.ts';
import { describeLoad } from './load.ts';
import { markdownTable, number, text } from './markdown.ts';

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

const TABLE = markdownTable([
  text('ms', 19),
  ...['shapes', 'others'].flatMap((what) => [number(`${what} p50`), number('p99', 5)]),
]);

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

  /** What was timed. */
  names(): readonly string[] {
    return [...this.#all.keys()];
  }

  /** Milliseconds, with so many decimals that a page needs. */
  percentiles(what: string): readonly string[] {
    return [0.5, 0.99].map((share) => percentile(this.#all.get(what) ?? [], share).toFixed(2));
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
    [outcomeOf(first), end - start],
  ];
}

/** Times of all checks of some queries, and the median of the query that takes longest. */
interface CheckTimes {
  readonly times: Times;
  readonly slowest: number;
}

async function timeChecks(queries: readonly Asked[], parser: QueryParser, rounds: number): Promise<CheckTimes> {
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
  return { times, slowest: Math.max(...[...whole.values()].map((all) => percentile(all, 0.5))) };
}

/** What is measured, from the text to the SQL that runs, or to the findings and their fixes: lines to print. */
export async function benchChecks(rounds: number): Promise<readonly string[]> {
  using parser = await QueryParser.open();
  const [ofShapes, ofOthers] = [shapes(), attacks()];
  const first = await timeChecks(ofShapes, parser, rounds);
  const second = await timeChecks(ofOthers, parser, rounds);
  const names = new Set([...first.times.names(), ...second.times.names()]);
  return [
    `checks: ${String(ofShapes.length)} shapes and ${String(ofOthers.length)} others, ${String(rounds)} rounds, load ${describeLoad()}`,
    '',
    TABLE.head,
    ...[...names].map((what) => TABLE.row([what, ...[first, second].flatMap(({ times }) => times.percentiles(what))])),
    '',
    `medians of the slowest: ${first.slowest.toFixed(1)} ms of the shapes, ${second.slowest.toFixed(1)} ms of the others`,
    '',
  ];
}
