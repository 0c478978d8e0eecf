/** A function on the stack of a sample, as `perf script` prints it. */
export interface Frame {
  readonly symbol: string;
  /** The file that its code is from: a library, `[kernel.kallsyms]`, or a map of code that was compiled at run time. */
  readonly object: string;
}

/** One tick of the profiler's clock. */
export interface Sample {
  readonly pid: number;
  readonly thread: number;
  /** The function that ran, then its callers. */
  readonly stack: readonly Frame[];
}

const HEAD = /^\s*(\d+)\/(\d+)/;
const FRAME = /^\s+[0-9a-f]+ (.*) \((.*)\)$/;

/** The samples that `perf script -F pid,tid,ip,sym,dso` prints: blocks between empty lines. */
export function parseSamples(text: string): Sample[] {
  return text.split(/\n\s*\n/).flatMap((block) => {
    const [head = '', ...lines] = block.split('\n').filter((line) => line !== '');
    const [, pid, thread] = HEAD.exec(head) ?? [];
    if (pid === undefined || thread === undefined) return [];
    const stack = lines.flatMap((line) => {
      const [, symbol, object] = FRAME.exec(line) ?? [];
      return symbol === undefined || object === undefined ? [] : [{ symbol, object }];
    });
    return [{ pid: Number(pid), thread: Number(thread), stack }];
  });
}
