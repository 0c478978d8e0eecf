import { resolve } from 'node:path';
import type { Argv } from 'yargs';
import { createAuthority, createServerCertificate } from '../../src/actions/operator/index.ts';
import { type OutputArguments, withOutputOptions } from '../options/output-options.ts';
import { printAnswer } from '../output/answer.ts';
import type { CliIo } from '../terminal.ts';

const ACTIONS = ['init', 'issue'] as const;

/** The arguments of `room ca`. */
export interface CaArguments extends OutputArguments {
  readonly action: (typeof ACTIONS)[number];
  readonly directory: string;
  readonly name: readonly string[];
  readonly overwrite: boolean;
}

/** Runs `room ca`. */
export async function runCa(args: CaArguments, io: CliIo): Promise<void> {
  const { action, name: names, overwrite } = args;
  const order = { directory: resolve(io.cwd, args.directory), names, overwrite, now: io.now ?? (() => new Date()) };
  const make = action === 'init' ? createAuthority : createServerCertificate;
  const { keyFile, certFile, expires } = await make(order);
  printAnswer(io, args, { keyFile, certFile, expires: expires.toISOString() }, [
    `key ${keyFile}`,
    `certificate ${certFile}, valid until ${expires.toISOString().slice(0, 10)}`,
    action === 'init'
      ? 'give the certificate to all members, for `--ca`, and keep the key off the machine of the room'
      : 'serve the room with `--tls-key` and `--tls-cert`; a room that runs takes new files by itself',
  ]);
}

/** Declares the arguments of `room ca`. */
export function withCaAction(yargs: Argv): Argv<CaArguments> {
  return withOutputOptions(
    yargs
      .positional('action', {
        choices: ACTIONS,
        demandOption: true,
        describe: 'init: make an authority; issue: have it vouch for a server',
      })
      .positional('directory', { type: 'string', demandOption: true, describe: 'directory of the authority' })
      .option('name', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'name or address of the server, such as room.example; may be repeated',
      })
      .option('overwrite', { type: 'boolean', default: false, describe: 'replace files that are there' }),
  );
}
