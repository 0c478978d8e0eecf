import type { Argv } from 'yargs';
import type { KernelName } from '../../src/crypto/index.ts';
import { SealroomError } from '../../src/errors/index.ts';

/** What {@link withFipsOption} declares. */
export interface FipsArguments {
  readonly fips: boolean;
}

/** Declares `--fips`; where it is given, the process is tested before the command begins. */
export function withFipsOption<T>(yargs: Argv<T>): Argv<T & FipsArguments> {
  return yargs
    .option('fips', {
      type: 'boolean',
      default: false,
      describe: "cryptography of OpenSSL's FIPS provider only; refused where there is none",
    })
    .middleware(async ({ fips }) => {
      // Loaded here, since most commands are without it, and what keeps keys takes longer to load than a small table to encrypt.
      if (fips) (await import('../../src/custody/index.ts')).requireFips();
    });
}

/** The kernel under `--fips`: the one on Node's crypto module. */
export function fipsKernel(asked: KernelName | undefined): KernelName {
  if (asked === undefined || asked === 'node') return 'node';
  throw new SealroomError('USAGE_OPTION', `\`--fips\` expected kernel \`node\`, got \`${asked}\``, {
    hint: 'leave `--kernel` out',
  });
}
