import { SealroomError } from '../errors/index.ts';

/** The environment variables that give a process the shared secret, or access to it. */
const SECRET_VARIABLES = ['C3R_SHARED_SECRET', 'SEALROOM_SECRET_FILE', 'SEALROOM_KEY'] as const;

/**
 * Refuses to work with a room if the process has the shared secret: a process that could open cells, or make fingerprints to
 * compare with, would protect nothing from its operator.
 *
 * It does not detect secrets elsewhere on the machine.
 *
 * @throws {SealroomError} SECRET_PRESENT, with the variable's name and not its value.
 */
export function refuseSecrets(env: NodeJS.ProcessEnv): void {
  const found = SECRET_VARIABLES.find((name) => env[name] !== undefined);
  if (found === undefined) return;
  throw new SealroomError('SECRET_PRESENT', `\`${found}\` is set, and a room must run without the shared secret`, {
    hint: `run this with \`env -u ${found}\`, on a machine that does not have the secret`,
  });
}
