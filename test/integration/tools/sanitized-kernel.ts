// Runs in a process of its own, into which the libraries of the sanitizers are loaded: compares a sanitized build of the native
// kernel with the others. A wrong access, or undefined behaviour, ends the process.
//
//   sanitized-kernel.ts <addon> <cells> <calls> <calls of functions for tables>
import { createRequire } from 'node:module';
import { argv, stdout } from 'node:process';
import { createKernel } from 'sealroom/crypto';
import { examineAddon } from '#src/crypto/kernels/native/examine-addon';
import { createMachineKernel } from '#src/crypto/kernels/wasm/kernel';
import { WasmMachine } from '#src/crypto/kernels/wasm/machine';
import { Session } from '#src/crypto/kernels/wasm/session';
import type { NativeAddon } from '#src/platform/index';
import { type TableExports, TableMachine } from '#src/protect/machine/machine';
import { HostileDescriptions } from '../../crypto/kernels/descriptions.ts';
import { Differential } from '../../crypto/kernels/differential.ts';
import { SeededRandom } from '../../crypto/kernels/random.ts';
import { HostileCalls } from '../../protect/machine/hostile-calls.ts';

const [path = '', cells = '0', calls = '0', tableCalls = '0'] = argv.slice(2);
const support = examineAddon(() => createRequire(import.meta.url)(path) as NativeAddon);
if (support.kind !== 'sound') throw new Error(support.reason);
const createMachine = (): WasmMachine => new WasmMachine(support.createExports());
const kernel = createMachineKernel('native', new Session(undefined, createMachine));
const differential = new Differential(20_261_130, kernel, [createKernel('wasm'), createKernel('node')], null);
while (differential.cells < Number(cells)) differential.runTable();
const hostile = new HostileDescriptions(createMachine(), new WasmMachine(), new SeededRandom(20_261_131));
for (let call = 0; call < Number(calls); call++) hostile.compare();
const tables = new HostileCalls(
  new TableMachine(support.createExports() as TableExports),
  new TableMachine(),
  new SeededRandom(20_261_132),
);
for (let call = 0; call < Number(tableCalls); call++) tables.compare();
const { trapped, answered } = tables;
stdout.write(JSON.stringify({ cells: differential.cells, ...hostile.counts, tables: { trapped, answered } }));
