import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BenchError, measure, type RunPlace } from '../process.ts';
import { countStages, type Locate, type Stage } from './rules.ts';
import { parseSamples } from './samples.ts';

/** Samples per second of CPU time. */
const FREQUENCY = 997;
/** Let `perf` see functions that were compiled at run time, and those that are interpreted, by their names. */
const NODE_FLAGS = ['--perf-basic-prof', '--interpreted-frames-native-stack'];
const MAX_OUTPUT_BYTES = 2 ** 30;

/**
 * Runs a script of Node under `perf`, and gives its CPU seconds by stage, those of all its threads. The flags that name functions
 * cost time themselves, mostly for compiling.
 *
 * @throws {BenchError} with exit code 1 if `perf` is missing or not permitted.
 */
export async function profile(script: readonly string[], place: RunPlace): Promise<ReadonlyMap<Stage, number>> {
  const data = join(place.folder, 'perf.data');
  const record = ['perf', 'record', '-q', '-e', 'cpu-clock', '-F', String(FREQUENCY), '-g', '-o', data, '--'];
  checkPerf();
  await measure([...record, process.execPath, ...NODE_FLAGS, ...script], place);
  const fields = ['script', '-i', data, '-F', 'pid,tid,ip,sym,dso', '--no-inline'];
  const { status, stdout } = spawnSync('perf', fields, { encoding: 'utf8', maxBuffer: MAX_OUTPUT_BYTES });
  if (status !== 0) throw new BenchError('`perf script` cannot read what `perf record` wrote', 1);
  const samples = parseSamples(stdout);
  // Where Node writes and `perf` reads the names, whatever the temporary directory is.
  for (const pid of new Set(samples.map((sample) => sample.pid)))
    rmSync(`/tmp/perf-${String(pid)}.map`, { force: true });
  const counts = countStages(samples, sourceLocator());
  return new Map([...counts].map(([stage, count]) => [stage, count / FREQUENCY]));
}

function checkPerf(): void {
  const { status } = spawnSync('perf', ['record', '-q', '-e', 'cpu-clock', '-o', '/dev/null', '--', 'true']);
  if (status !== 0) throw new BenchError('--stages needs `perf` (Linux), and the right to use it', 1);
}

/** Finds sources by the source map beside a file. */
function sourceLocator(): Locate {
  const maps = new Map<string, SourceMap | null>();
  return (file, line, column) => {
    const path = file.startsWith('file:') ? fileURLToPath(file) : file;
    let map = maps.get(path);
    if (map === undefined) {
      const mapPath = `${path}.map`;
      map = existsSync(mapPath) ? new SourceMap(JSON.parse(readFileSync(mapPath, 'utf8')) as SourceMapPayload) : null;
      maps.set(path, map);
    }
    const entry = map?.findEntry(line - 1, column - 1);
    return entry !== undefined && 'originalSource' in entry ? entry.originalSource : null;
  };
}
