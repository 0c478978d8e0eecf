import { fileURLToPath } from 'node:url';

/**
 * The command that starts a script of ours in a process with limits of the system: bytes of data, no core dump, no file that is
 * written. A shell sets the limits and then replaces itself with Node. Windows has no such limits.
 *
 * @param script the built script
 * @param memoryMiB data of the process, which also covers what the engine's own limit does not, such as long texts
 */
export function limitedCommand(script: URL, memoryMiB: number): readonly [string, ...string[]] {
  const node = [process.execPath, fileURLToPath(script)] as const;
  if (process.platform === 'win32') return node;
  const limits = `ulimit -d ${String(memoryMiB * 1024)}; ulimit -c 0; ulimit -f 0`;
  return ['/bin/sh', '-c', `${limits}; exec "$0" "$@"`, ...node];
}
