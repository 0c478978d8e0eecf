import picocolors from 'picocolors';
import { escapeUnprintable } from '../src/errors/index.ts';
import type { Readable, Writable } from 'node:stream';
import type { OperatorEnvironment } from '../src/actions/operator/index.ts';
import type { Project } from '../src/project/index.ts';

/** An input stream, which may be a terminal. */
export type InputStream = Readable & { readonly isTTY?: boolean };

/** An output stream, which may be a terminal. */
export type OutputStream = Writable & { readonly isTTY?: boolean };

/** The argument that stands for standard input and standard output. */
export const STANDARD_STREAM = '-';

/** The part of the process that commands use. */
export interface CliIo {
  /** Arguments after the program's name. */
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** The base of relative paths. */
  readonly cwd: string;
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** The project file of the working directory; `null` if there is none. `runCli` finds it. */
  readonly project?: Project | null | undefined;
  /** What the project file has given to the command, by the name of the option. */
  readonly defaults?: Map<string, string> | undefined;
  /** Fires when the user asks to stop. */
  readonly signal?: AbortSignal | undefined;
  /** Has a hang-up (SIGHUP) call this from now on, instead of stopping the command. */
  readonly onHangUp?: ((listener: () => void) => void) | undefined;
  /** The clock; default: the system's. Only tests set it. */
  readonly now?: (() => Date) | undefined;
  /** The clock by which answers of a room are released. Only tests set it. */
  readonly clock?: OperatorEnvironment['clock'];
  /** The cost of new keystores, see `ProviderContext`. Only tests set it. */
  readonly scryptLogN?: number | undefined;
}

/** The first word of a line to the user. */
type Prefix = 'error' | 'warning' | 'notice' | 'note' | 'hint';

/** Text in which a terminal has nothing to obey: names of files and headers come from others. Line breaks and tabs stay. */
export function showable(text: string): string {
  return text.replace(/[^\n\t]+/g, escapeUnprintable);
}

/** Writes a line of words, or several, to standard error. */
export function tell(io: CliIo, text: string): void {
  io.stderr.write(`${showable(text)}\n`);
}

/** Writes one line to standard error; its first word is coloured on a terminal, unless NO_COLOR is set. */
export function say(io: CliIo, prefix: Prefix, text: string): void {
  const colors = picocolors.createColors(io.stderr.isTTY === true && (io.env['NO_COLOR'] ?? '') === '');
  const { red, yellow, cyan } = colors;
  const paint = { error: red, warning: yellow, notice: yellow, note: cyan, hint: cyan }[prefix];
  io.stderr.write(`${paint(`${prefix}:`)} ${showable(text)}\n`);
}
