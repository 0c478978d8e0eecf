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
}
