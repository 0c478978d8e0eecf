// Loaded into a `sealroom` process before its own code: counts what does not depend on how fast the machine is, and appends a line of
// JSON to the file that BENCH_COUNTS names when a thread ends.
import { appendFileSync, readFileSync } from 'node:fs';
import { register } from 'node:module';
import process from 'node:process';
import { isMainThread } from 'node:worker_threads';

const file = process.env['BENCH_COUNTS'] ?? '';

/** Writes the address of each module into the file when it is loaded. */
const HOOKS = `import { appendFileSync } from 'node:fs';
export async function load(url, context, next) {
  appendFileSync(${JSON.stringify(file)}, JSON.stringify({ module: url }) + '\\n');
  return next(url, context);
}`;
if (isMainThread) register(`data:text/javascript,${encodeURIComponent(HOOKS)}`);

let calls = 0;
/** @type {Set<{ readonly buffer: ArrayBuffer }>} */
const memories = new Set();

/**
 * The same exports, whose calls are counted, and whose memories are kept.
 * @param {Record<string, unknown>} exports
 */
function countExports(exports) {
  return Object.fromEntries(
    Object.entries(exports).map(([name, value]) => {
      keepMemory(value);
      if (typeof value !== 'function') return [name, value];
      return [
        name,
        (/** @type {unknown[]} */ ...args) => {
          calls++;
          return Reflect.apply(value, undefined, args);
        },
      ];
    }),
  );
}

/** @param {any} value */
function keepMemory(value) {
  if (Object.prototype.toString.call(value) === '[object WebAssembly.Memory]') memories.add(value);
}

/** @type {ProxyHandler<new (...parameters: any[]) => any>} */
const counting = {
  construct(target, parameters) {
    const instance = Reflect.construct(target, parameters);
    for (const group of Object.values(parameters[1] ?? {})) Object.values(group).forEach(keepMemory);
    return Object.defineProperty(instance, 'exports', { value: countExports(instance.exports) });
  },
};
/** @type {{ Instance: new (...parameters: any[]) => any }} */
const wasm = Reflect.get(globalThis, 'WebAssembly');
wasm.Instance = new Proxy(wasm.Instance, counting);

process.on('exit', () => {
  const counts = { calls, memoryBytes: [...memories].reduce((sum, { buffer }) => sum + buffer.byteLength, 0) };
  const line = isMainThread ? { ...counts, maxRssKiB: process.resourceUsage().maxRSS, ...readIo() } : counts;
  appendFileSync(file, `${JSON.stringify(line)}\n`);
});

/** What the system counts of this process's reading and writing, where it does. */
function readIo() {
  try {
    const text = readFileSync('/proc/self/io', 'utf8');
    const count = (/** @type {string} */ name) => Number(new RegExp(`^${name}: (\\d+)`, 'm').exec(text)?.[1]);
    return { readBytes: count('rchar'), writtenBytes: count('wchar') };
  } catch {
    return {};
  }
}
