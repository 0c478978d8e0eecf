import { memberHome } from '../../custody/load-secret.ts';
import type { MemberHome, ProviderContext } from '../../custody/index.ts';

/** The environment of a member's action: variables, directories, questions, warnings and the clock. */
export interface MemberEnvironment extends ProviderContext {
  /** The directory of the home; default: as the variable says. */
  readonly home?: string | undefined;
  readonly now: () => Date;
  /** Aborts the action. */
  readonly signal?: AbortSignal | undefined;
}

/** The home that an action uses. No I/O. */
export function homeOf({ env, cwd, home }: Pick<MemberEnvironment, 'env' | 'cwd' | 'home'>): MemberHome {
  return memberHome(env, { cwd, home });
}
