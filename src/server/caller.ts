import type { Role } from '../collab/index.ts';

/** Who sent a request, as its signature shows. */
export interface RequestSender {
  /** The key that signed it, as the manifest has it: `ed25519:…`. */
  readonly keyId: string;
  /** Id of the member that the key is of. */
  readonly member: string;
  /** Id of the person that the key is of; `null` for a member that is one person, who has all roles. */
  readonly person: string | null;
  readonly roles: readonly Role[];
}

/** What is known of a request while it is answered: the variables of Hono's context. */
export interface ServerEnv {
  readonly Variables: {
    readonly caller: RequestSender;
    /** A UUID that the answer and the log name. */
    readonly requestId: string;
    /** SHA-256 of the body that was signed, which a route that reads the body itself has to compare; `null` without a body. */
    readonly digest: Uint8Array | null;
  };
}
