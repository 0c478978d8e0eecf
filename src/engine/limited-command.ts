import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Keeps SIGUSR1 from opening the inspector, on whose port every user of the machine could read the memory. */
const NO_INSPECTOR = '--disable-sigusr1';

let knownCodeRangeKib: number | undefined;

/**
 * What the system counts as data for the compiled code of a process of this Node, in KiB. Some releases of Node reserve 512 MiB for
 * code and map all of it as writable at once; others only what they use. Only Linux counts it.
 */
function codeRangeKib(): number {
  if (process.platform !== 'linux') return 0;
  if (knownCodeRangeKib === undefined) {
    const maps = readFileSync('/proc/self/maps', 'latin1').matchAll(/^([\da-f]+)-([\da-f]+) rwxp/gm);
    const bytes = [...maps].map(([, start = '', end = '']) => Number.parseInt(end, 16) - Number.parseInt(start, 16));
    // Every thread of JavaScript has a range of its own; a process that is started begins with one.
    knownCodeRangeKib = Math.ceil(Math.max(0, ...bytes) / 1024);
  }
  return knownCodeRangeKib;
}

/**
 * The command that starts a script of ours in a process with limits of the system: bytes of data, no core dump, no file that is
 * written. A shell sets the limits and then replaces itself with Node. Windows has no such limits.
 *
 * @param script the built script
 * @param memoryMiB data of the process, which also covers what the engine's own limit does not, such as long texts
 */
export function limitedCommand(script: URL, memoryMiB: number): readonly [string, ...string[]] {
  // Where Node knows it; scripts for older ones listen to the signal instead.
  const options = process.allowedNodeEnvironmentFlags.has(NO_INSPECTOR) ? [NO_INSPECTOR] : [];
  const node = [process.execPath, ...options, fileURLToPath(script)] as const;
  if (process.platform === 'win32') return node;
  const limits = `ulimit -d ${String(memoryMiB * 1024 + codeRangeKib())}; ulimit -c 0; ulimit -f 0`;
  return ['/bin/sh', '-c', `${limits}; exec "$0" "$@"`, ...node];
}
