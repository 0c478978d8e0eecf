import picocolors from 'picocolors';
import type { Argv } from 'yargs';
import { type Check, examineCustody, memberHome } from '../../src/custody/index.ts';
import { countOf, SealroomError } from '../../src/errors/index.ts';
import { type CommonArguments, memberEnvironment, withCommon } from '../options/key-options.ts';
import type { CliIo } from '../terminal.ts';

async function runDoctor(args: CommonArguments, io: CliIo): Promise<void> {
  const environment = memberEnvironment(io, args);
  const checks = await examineCustody(memberHome(io.env, environment), environment);
  if (args.json) io.stdout.write(`${JSON.stringify({ checks })}\n`);
  else for (const check of checks) io.stdout.write(linesOf(check, io));
  const problems = checks.filter(({ state }) => state === 'problem').length;
  if (problems === 0) return;
  throw new SealroomError('CUSTODY_UNAVAILABLE', `found ${countOf(problems, 'problem')} with keys or machine`, {
    hint: 'see the advice below each `problem`',
  });
}

function linesOf({ item, state, found, advice }: Check, io: CliIo): string {
  const colors = picocolors.createColors(io.stdout.isTTY === true && (io.env['NO_COLOR'] ?? '') === '');
  const paint = { ok: colors.green, warning: colors.yellow, problem: colors.red, unknown: colors.dim }[state];
  const line = `${paint(state.padEnd(7))}  ${item}: ${found}\n`;
  return advice === null ? line : `${line}         ${advice}\n`;
}

/** Adds `sealroom key doctor`, which checks what protects the keys on this machine. */
export function withDoctorCommand(yargs: Argv, io: CliIo): Argv {
  return yargs.command(
    'doctor',
    'check the keys, their files and this machine, and report problems',
    withCommon,
    (args) => runDoctor(args, io),
  );
}
