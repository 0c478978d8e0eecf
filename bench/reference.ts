import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { resolve } from 'node:path';
import type { CollaborationSettings } from 'sealroom';
import { BenchError } from './process.ts';

/** Another client of the format, as a command with options like those of C3R's. */
export interface Reference {
  /** Program and its first arguments. */
  readonly command: readonly string[];
  /** What it needs in its environment besides the secret. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly close: () => Promise<void>;
}

/** The files of a run. */
export interface ReferenceFiles {
  readonly input: string;
  readonly output: string;
  readonly schema: string;
}

/**
 * The words of a command as the shell splits them. Words that name a file relative to this directory become absolute
 * paths, for the command runs in another; the program itself only if its name has a slash, as in the shell.
 *
 * @throws {BenchError} with exit code 2 if the shell cannot read it, or it is empty.
 */
export function splitCommand(command: string): string[] {
  let words: string[];
  try {
    const printed = execFileSync('sh', ['-c', 'eval "set -- $1"; printf "%s\\0" "$@"', 'sh', command], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    words = printed.split('\0').slice(0, -1);
  } catch {
    throw new BenchError(`--reference expected a command of the shell, got \`${command}\``, 2);
  }
  if ((words[0] ?? '') === '') throw new BenchError('--reference expected a command, got nothing', 2);
  return words.map((word, index) => ((index > 0 || word.includes('/')) && existsSync(word) ? resolve(word) : word));
}

/**
 * Prepares a reference for its runs. The reference client asks AWS Clean Rooms for the collaboration's settings whenever it
 * encrypts; the AWS SDKs take the address from `AWS_ENDPOINT_URL_CLEANROOMS`, so a server on this machine answers instead
 * and neither an account nor a network is needed.
 *
 * @throws {BenchError} as {@link splitCommand}.
 */
export async function openReference(command: string, settings: CollaborationSettings): Promise<Reference> {
  const words = splitCommand(command);
  const answer = JSON.stringify({ collaboration: { dataEncryptionMetadata: settings } });
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
  });
  await new Promise<void>((resolveListening, reject) => {
    server.on('error', reject);
    server.listen(0, '127.0.0.1', resolveListening);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('expected a port');
  return {
    command: words,
    env: {
      AWS_ENDPOINT_URL_CLEANROOMS: `http://127.0.0.1:${address.port}`,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'benchmark',
      AWS_SECRET_ACCESS_KEY: 'benchmark',
      AWS_SESSION_TOKEN: undefined,
      AWS_PROFILE: undefined,
      NO_PROXY: '127.0.0.1',
      no_proxy: '127.0.0.1',
    },
    close: () =>
      new Promise<void>((closed) => {
        server.close(() => {
          closed();
        });
        server.closeAllConnections();
      }),
  };
}

/**
 * The reference's arguments for an operation. It takes the settings from the network and has neither our flags for them
 * nor kernels; it decrypts without a schema and has no temporary directory then.
 */
export function referenceArguments(
  operation: 'encrypt' | 'decrypt',
  { input, output, schema }: ReferenceFiles,
  collaborationId: string,
): string[] {
  const common = [operation, input, `--id=${collaborationId}`, `--output=${output}`, '--overwrite'];
  return operation === 'encrypt' ? [...common, `--schema=${schema}`, '--tempDir=.'] : common;
}
