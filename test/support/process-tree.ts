import { readdirSync, readFileSync } from 'node:fs';

/** Bytes of a page of memory in `/proc/<pid>/statm`. */
const PAGE_BYTES = 4096;

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${String(pid)}/task`).flatMap((thread) =>
      readFileSync(`/proc/${String(pid)}/task/${thread}/children`, 'utf8')
        .split(' ')
        .filter(Boolean)
        .map(Number),
    );
  } catch {
    // It has ended meanwhile.
    return [];
  }
}

function bytesOf(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${String(pid)}/statm`, 'utf8').split(' ')[1]) * PAGE_BYTES;
  } catch {
    return 0;
  }
}

/** The resident memory of a process and all that it started, in MiB. Linux only. */
export function memoryOfTree(pid: number): number {
  const own = bytesOf(pid) / 2 ** 20;
  return childrenOf(pid).reduce((sum, child) => sum + memoryOfTree(child), own);
}
