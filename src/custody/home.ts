import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { type CollaborationId, parseCollaborationId } from '../crypto/index.ts';

/** The variable that names a member's home directory. */
export const HOME_VARIABLE = 'SEALROOM_HOME';

/** A member's directory, of mode 0700: its keys, its envelopes, and the log of their use. */
export interface MemberHome {
  readonly directory: string;
  /** The member's signed card, which is sent to others. */
  readonly card: string;
  /** Ed25519, PKCS #8 in PEM. */
  readonly signingKey: string;
  /** An age identity file. */
  readonly receivingKey: string;
  /** The signer of the log. */
  readonly logKey: string;
  /** The list of the keys that the home has used. */
  readonly knownKeys: string;
  /** The audit log of the keys. */
  readonly log: string;
  /** The directory with a file for each result package that was opened. */
  readonly packages: string;
  /** The directory with a file for each room over the network: the keys that verify its log. */
  readonly rooms: string;
  /** The directory with a file for each request to such a room that has not ended. */
  readonly requests: string;
  /**
   * The directory of a collaboration: its envelopes, and its open, used and answered requests.
   *
   * @throws {SealroomError} USAGE_OPTION if the id is not one.
   */
  readonly collaboration: (id: CollaborationId) => string;
}

/** The home named by an option, otherwise by {@link HOME_VARIABLE}, otherwise `.sealroom` in the user's directory. No I/O. */
export function memberHome(
  env: NodeJS.ProcessEnv,
  { cwd, home }: { readonly cwd: string; readonly home?: string | undefined },
): MemberHome {
  const given = home ?? env[HOME_VARIABLE];
  const directory = given === undefined ? join(homedir(), '.sealroom') : resolve(cwd, given);
  return Object.freeze({
    directory,
    card: join(directory, 'card.json'),
    signingKey: join(directory, 'sign.key'),
    receivingKey: join(directory, 'receive.key'),
    logKey: join(directory, 'log.key'),
    knownKeys: join(directory, 'keys.json'),
    log: join(directory, 'log'),
    packages: join(directory, 'packages'),
    rooms: join(directory, 'rooms'),
    requests: join(directory, 'requests'),
    // Parsed even so: what is no id, from a caller without types, must not become a path.
    collaboration: (id: CollaborationId) => join(directory, 'collaborations', parseCollaborationId(id)),
  });
}
