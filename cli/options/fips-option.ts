import type { Argv } from 'yargs';
import type { KernelName } from '../../src/crypto/index.ts';
import { SealroomError } from '../../src/errors/index.ts';

/** The option that {@link withFipsOption} declares. */
export interface FipsArguments {
  readonly fips: boolean;
}

/** Declares `--fips`, which {@link requireFipsIfAsked} reads. */
export function withFipsOption<T>(yargs: Argv<T>): Argv<T & FipsArguments> {
  return yargs.option('fips', {
    type: 'boolean',
    default: false,
    describe: "use OpenSSL's FIPS provider for all cryptography; fails without one",
  });
}

/** Tests the process before a command with `--fips` begins. @throws {SealroomError} as `requireFips` */
export async function requireFipsIfAsked({ fips }: { readonly fips?: unknown }): Promise<void> {
  // Loaded here, because most commands run without it, and loading it takes longer than encrypting a small table.
  if (fips === true) (await import('../../src/custody/index.ts')).requireFips();
}

/** The kernel with `--fips`, which uses Node's crypto module. */
export function fipsKernel(asked: KernelName | undefined): KernelName {
  if (asked === undefined || asked === 'node') return 'node';
  throw new SealroomError('USAGE_OPTION', `\`--fips\` needs the kernel \`node\`, got \`${asked}\``, {
    hint: 'leave out `--kernel`',
  });
}
