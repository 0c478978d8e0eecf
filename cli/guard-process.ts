/** The variable with the shared secret, as `SECRET_VARIABLE` of the custody; its code is not loaded for this. */
const SECRET = 'C3R_SHARED_SECRET';

/**
 * Makes a process give away less of what it holds, before anything else is loaded:
 *
 * - the shared secret leaves the environment, which Node writes into diagnostic reports and passes on to programs that it starts;
 * - reports have no environment at all, where Node can do that (22.13 and later);
 * - SIGUSR1 does not open the inspector, on whose port every user of the machine could read the memory: Node gives that up for a signal
 *   that has a listener.
 *
 * Node does all of this in the first moments of a process, before any code of ours runs. The system shows the environment with which a
 * process was started to its user, in `/proc`, until it ends.
 *
 * @returns the environment with the secret
 */
export function guardProcess(guarded: GuardedProcess): NodeJS.ProcessEnv {
  const { env, report } = guarded;
  const whole = { ...env };
  Reflect.deleteProperty(env, SECRET);
  if ('excludeEnv' in report) Object.assign(report, { excludeEnv: true });
  guarded.on('SIGUSR1', () => undefined);
  return whole;
}

/** What is changed of a process. */
interface GuardedProcess {
  readonly env: NodeJS.ProcessEnv;
  readonly report: object;
  on(signal: 'SIGUSR1', listener: () => void): unknown;
}
