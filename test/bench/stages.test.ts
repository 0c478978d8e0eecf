import { describe, expect, it } from 'vitest';
import { countStages, type Locate, type Stage, stageOf } from '../../bench/stages/rules.ts';
import { parseSamples } from '../../bench/stages/samples.ts';

/** As `perf script -F pid,tid,ip,sym,dso` prints them. */
const PRINTED = `
41/41 
	    16a6a3733016 JS:wasm-function[5]-5-turbofan (/tmp/perf-41.map)
	         15561d9 Builtins_GenericJSToWasmWrapper (/usr/bin/node)
	    7f9a183459e2 JS:^sealChunk file:///app/dist/src/crypto/kernels/wasm/seal-column.js:23:19 (/tmp/perf-41.map)

41/42 
	          98992a duckdb::StringHeap::AddString(duckdb::string_t) (/app/libduckdb.so)

41/42 
	           98992 malloc (/usr/lib/libc.so.6)
	ffffffffffffffff [unknown] ([unknown])

41/41 
	ffffffff81d2a000 copy_folio_from_iter_atomic ([kernel.kallsyms])
	ffffffff81d2a100 ksys_pwrite64 ([kernel.kallsyms])
	         21fdc3d uv__fs_write (/usr/bin/node)

41/41 
	ffffffffffffffff [unknown] ([unknown])
`;

const NODE = '/usr/bin/node';
const COMPILED = '/tmp/perf-41.map';

const nowhere: Locate = () => null;

function sampleOf(
  ...frames: readonly (readonly [symbol: string, object: string])[]
): ReturnType<typeof parseSamples>[0] {
  return { pid: 1, thread: 1, stack: frames.map(([symbol, object]) => ({ symbol, object })) };
}

describe('bench/stages', () => {
  it('reads samples with their threads and stacks', () => {
    const samples = parseSamples(PRINTED);
    expect(samples.map(({ pid, thread, stack }) => [pid, thread, stack.length])).toEqual([
      [41, 41, 3],
      [41, 42, 1],
      [41, 42, 2],
      [41, 41, 3],
      [41, 41, 1],
    ]);
    expect(samples[1]?.stack[0]).toEqual({
      symbol: 'duckdb::StringHeap::AddString(duckdb::string_t)',
      object: '/app/libduckdb.so',
    });
  });

  it('counts what a thread of the engine does as the engine’s, and nothing twice', () => {
    const counts = new Map([...countStages(parseSamples(PRINTED), nowhere)].filter(([, count]) => count > 0));
    expect(Object.fromEntries(counts)).toEqual({
      'WASM, native cells': 1,
      'table engine': 2,
      'system: write': 1,
      'not attributed': 1,
    });
  });

  it.each<[Stage, (readonly [symbol: string, object: string])[]]>([
    ['garbage collection', [['v8::internal::Scavenger::ScavengePage', NODE]]],
    [
      'garbage collection',
      [
        ['v8::internal::HeapObject::SizeFromMap', NODE],
        ['v8::internal::MarkCompactCollector::ProcessMarkingWorklist', NODE],
      ],
    ],
    ['compiling JavaScript and WASM', [['v8::internal::compiler::GraphReducer::ReduceTop', NODE]]],
    [
      'system: page faults',
      [
        ['clear_page_erms', '[kernel.kallsyms]'],
        ['asm_exc_page_fault', '[kernel.kallsyms]'],
        ['duckdb::Vector', '/app/libduckdb.so'],
      ],
    ],
    [
      'copies: memmove, memset',
      [
        ['__memmove_avx512_unaligned_erms', '/usr/lib/libc.so.6'],
        ['JS:*add file:///app/dist/src/bytes/compactor.js:3:1', COMPILED],
      ],
    ],
    ['WASM, native cells', [['sha256_rounds', '/app/node_modules/@sealroom/native-linux-x64/native.node']]],
    [
      'JavaScript of cells and tables',
      [
        ['Builtins_KeyedLoadIC', NODE],
        ['JS:~split file:///app/dist/src/tabular/csv/scan.js:7:3', COMPILED],
      ],
    ],
    ['start, modules, command line', [['JS:~ file:///app/dist/src/tabular/csv/scan.js:1:1', COMPILED]]],
    [
      'start, modules, command line',
      [
        ['CRYPTO_get_ex_data', NODE],
        ['node::Start', NODE],
      ],
    ],
    ['rest of Node', [['uv__io_poll', NODE]]],
  ])('finds %s', (stage, frames) => {
    expect(stageOf(sampleOf(...frames), nowhere, false)).toBe(stage);
  });

  it('asks the source map where a function of a bundle is from', () => {
    const asked: unknown[] = [];
    const locate: Locate = (...place) => {
      asked.push(place);
      return '../../src/protect/encrypt/core/shuffle.ts';
    };
    const sample = sampleOf(['JS:*permute file:///app/dist/cli/main.js:192:17', '/tmp/perf-1.map']);
    expect(stageOf(sample, nowhere, false)).toBe('start, modules, command line');
    expect(stageOf(sample, locate, false)).toBe('JavaScript of cells and tables');
    expect(asked).toEqual([['file:///app/dist/cli/main.js', 192, 17]]);
  });
});
