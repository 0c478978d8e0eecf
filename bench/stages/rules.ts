import type { Frame, Sample } from './samples.ts';

/** Where CPU time goes, in the order in which it is printed. */
export const STAGES = [
  'WASM, native cells',
  'JavaScript of cells and tables',
  'table engine',
  'copies: memmove, memset',
  'system: read',
  'system: write',
  'system: page faults',
  'system: other',
  'garbage collection',
  'compiling JavaScript and WASM',
  'start, modules, command line',
  'rest of Node',
  'not attributed',
] as const;

/** One of {@link STAGES}. */
export type Stage = (typeof STAGES)[number];

/** The source file of a function that was compiled at run time, of its file, line and column; `null` if that is not known. */
export type Locate = (file: string, line: number, column: number) => string | null;

const KERNEL_OBJECT = /^\[(?:kernel|guest\.kernel|vdso)/;
const COLLECTING =
  /v8::internal::(?:\(anonymous namespace\)::)?(?:Heap::(?:Collect|Perform|Scavenge)|\w*Mark(?:ing|Compact)|\w*Scaveng|\w*Sweep|\w*Evacuat|GCTracer|ConcurrentMarking|ArrayBufferSweeper)/;
const COMPILING =
  /v8::internal::(?:\(anonymous namespace\)::)?(?:compiler|maglev|turboshaft|baseline|interpreter|wasm|parsing)::|v8::internal::(?:Compiler|OptimizingCompile|OptimizedCompilation|LazyCompile|TurbofanCompilation|Parser|ParserBase|PreParser|Scanner|BackgroundCompile|CodeSerializer|Deoptimizer|TieringManager|BytecodeGenerator)/;
const COPYING = /^(?:__)?mem(?:move|cpy|set)/;
const ENGINE = /(?:libduckdb|duckdb\.node)/;
const ADDON = /\/native[^/]*\.node$/;
const WASM = /^JS:\W?wasm-function|^JS:.*-(?:liftoff|turbofan)$|^wasm-function/;
const STARTING =
  /^(?:JS|Eval):.* node:internal\/(?:modules|main|bootstrap|process\/esm)|^(?:node::Start|node::InitializeOncePerProcess|__libc_csu_init|_dl_)/;
const SCRIPT = /^(?:JS|Eval|Script|LazyCompile):\S* ?(?:[^ ]* )?((?:file:\/\/|node:|\/)\S+?):(\d+):(\d+)$/;
/** Folders of `src` that work on rows. What else is in `src`, or in `cli`, runs before or after them. */
const TABLE_FOLDERS = /^(?:bytes|columns|crypto|engine|files|normalise|protect|signing|suggest|tabular|workers)$/;

/**
 * The stage of a sample: what the system, the collector and the compilers do is theirs, whoever caused it; the rest belongs to
 * the function that ran, or the nearest one on the stack that has a file. A function that the compiler has inlined
 * counts with its caller.
 */
export function stageOf({ stack }: Sample, locate: Locate, isEngineThread: boolean): Stage {
  const [leaf] = stack;
  if (leaf === undefined) return 'not attributed';
  if (KERNEL_OBJECT.test(leaf.object)) return systemStage(stack);
  if (stack.some(({ symbol }) => COLLECTING.test(symbol))) return 'garbage collection';
  if (stack.some(({ symbol }) => COMPILING.test(symbol))) return 'compiling JavaScript and WASM';
  if (isEngineThread || ENGINE.test(leaf.object)) return 'table engine';
  if (WASM.test(leaf.symbol) || ADDON.test(leaf.object)) return 'WASM, native cells';
  if (COPYING.test(leaf.symbol)) return 'copies: memmove, memset';
  if (stack.some(({ object }) => ENGINE.test(object))) return 'table engine';
  const folder = folderOf(stack, locate);
  if (folder !== null)
    return TABLE_FOLDERS.test(folder) ? 'JavaScript of cells and tables' : 'start, modules, command line';
  if (stack.some(({ symbol }) => STARTING.test(symbol))) return 'start, modules, command line';
  return leaf.symbol === '[unknown]' ? 'not attributed' : 'rest of Node';
}

function systemStage(stack: readonly Frame[]): Stage {
  const calls = stack.filter(({ object }) => KERNEL_OBJECT.test(object)).map(({ symbol }) => symbol);
  const isIn = (names: RegExp): boolean => calls.some((name) => names.test(name));
  if (isIn(/sys_p?write|vfs_write/)) return 'system: write';
  if (isIn(/sys_p?read|vfs_read/)) return 'system: read';
  return isIn(/page_fault|user_addr_fault/) ? 'system: page faults' : 'system: other';
}

/** The folder of `src` that the nearest function of this project is in, or `start` for its modules while they are loaded. */
function folderOf(stack: readonly Frame[], locate: Locate): string | null {
  for (const { symbol } of stack) {
    const [, file, line, column] = SCRIPT.exec(symbol) ?? [];
    if (file === undefined || file.startsWith('node:') || file.includes('/node_modules/')) continue;
    if (line === '1' && column === '1') return 'start';
    const source = locate(file, Number(line), Number(column)) ?? file;
    const [, inSources, cli] = /(?:^|\/)src\/([\w-]+)\/|(?:^|\/)(cli)\//.exec(source) ?? [];
    const folder = inSources ?? cli;
    if (folder !== undefined) return folder;
  }
  return null;
}

/** Samples per stage. A thread that runs the engine and no JavaScript is one of the engine's, also where its stack breaks off. */
export function countStages(samples: readonly Sample[], locate: Locate): ReadonlyMap<Stage, number> {
  const inEngine = new Set<number>();
  const inScripts = new Set<number>();
  for (const { thread, stack } of samples) {
    if (stack.some(({ object }) => ENGINE.test(object))) inEngine.add(thread);
    if (stack.some(({ symbol }) => SCRIPT.test(symbol))) inScripts.add(thread);
  }
  const counts = new Map<Stage, number>(STAGES.map((stage) => [stage, 0]));
  for (const sample of samples) {
    const stage = stageOf(sample, locate, inEngine.has(sample.thread) && !inScripts.has(sample.thread));
    counts.set(stage, (counts.get(stage) ?? 0) + 1);
  }
  return counts;
}
