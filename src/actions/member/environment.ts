import { memberHome } from '../../custody/load-secret.ts';
import type { MemberHome, ProviderContext } from '../../custody/index.ts';

/** What a member's action gets of the process that runs it: what is there, whom to ask and tell, and the clock. */
export interface MemberEnvironment extends ProviderContext {
  /** The directory of the home, before the variable for it. */
  readonly home?: string | undefined;
  readonly now: () => Date;
  /** Ends the action. */
  readonly signal?: AbortSignal | undefined;
}

/** The home that an action works on. No I/O. */
export function homeOf({ env, cwd, home }: Pick<MemberEnvironment, 'env' | 'cwd' | 'home'>): MemberHome {
  return memberHome(env, { cwd, home });
}
