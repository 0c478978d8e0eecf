import { readFileSync } from 'node:fs';

const INTERVAL_MS = 50;

/** Watches the memory of what a process starts, in `/proc`. */
export class TreeWatch {
  readonly #pid: number;
  readonly #timer: NodeJS.Timeout;
  #largestKiB = 0;

  constructor(pid: number) {
    this.#pid = pid;
    this.#timer = setInterval(() => {
      this.#look();
    }, INTERVAL_MS);
  }

  /** Ends the watch. The most that all descendants had in memory together, as often as was looked; `null` where there is no `/proc`. */
  stop(): number | null {
    clearInterval(this.#timer);
    return this.#largestKiB === 0 ? null : this.#largestKiB / 1024;
  }

  #look(): void {
    const kibibytes = descendantsOf(this.#pid).reduce((sum, pid) => sum + residentKiB(pid), 0);
    this.#largestKiB = Math.max(this.#largestKiB, kibibytes);
  }
}

/** Ids of all processes that a process has started and that have not ended, by `/proc`. */
export function descendantsOf(pid: number): number[] {
  const children = readProc(`${String(pid)}/task/${String(pid)}/children`)
    .split(' ')
    .filter(Boolean)
    .map(Number);
  return children.flatMap((child) => [child, ...descendantsOf(child)]);
}

function residentKiB(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readProc(`${String(pid)}/status`))?.[1] ?? 0);
}

function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    // It has ended.
    return '';
  }
}
