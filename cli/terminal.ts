import picocolors from 'picocolors';
import type { Readable, Writable } from 'node:stream';

/** A stream to read from that may be a terminal. */
export type InputStream = Readable & { readonly isTTY?: boolean };

/** A stream to write to that may be a terminal. */
export type OutputStream = Writable & { readonly isTTY?: boolean };

/** What a command sees of the process that runs it. */
export interface CliIo {
  /** Arguments after the program's name. */
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** The directory that relative paths start from. */
  readonly cwd: string;
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Fires when the user asks to stop. */
  readonly signal?: AbortSignal | undefined;
  /** The cost of new keystores, if not the usual: see `ProviderContext`. Nothing that a user gives can set it. */
  readonly scryptLogN?: number | undefined;
}

/** How a line to the user begins. */
type Prefix = 'error' | 'warning' | 'hint';

/** Writes one line to standard error; its first word is coloured on a terminal, unless NO_COLOR asks for none. */
export function say(io: CliIo, prefix: Prefix, text: string): void {
  const colors = picocolors.createColors(io.stderr.isTTY === true && (io.env['NO_COLOR'] ?? '') === '');
  const paint = { error: colors.red, warning: colors.yellow, hint: colors.cyan }[prefix];
  io.stderr.write(`${paint(`${prefix}:`)} ${text}\n`);
}
