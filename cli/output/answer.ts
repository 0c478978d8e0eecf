import { type CliIo, showable } from '../terminal.ts';

/** Prints what a command answers: an object for machines, or lines. */
export function printAnswer(
  io: CliIo,
  { json }: { readonly json: boolean },
  answer: unknown,
  lines: readonly string[],
): void {
  io.stdout.write(`${json ? JSON.stringify(answer) : showable(lines.join('\n'))}\n`);
}
