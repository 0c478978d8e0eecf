/** What an operator's action gets of the process that runs it. */
export interface OperatorEnvironment {
  /** Must not have the shared secret, nor the way to it. */
  readonly env: NodeJS.ProcessEnv;
  readonly now: () => Date;
  /** Ends the action. */
  readonly signal?: AbortSignal | undefined;
}
