import { type Manifest, ROLES } from '../collab/index.ts';
import type { VerifySignature } from '../platform/index.ts';
import type { Room, RoomReader } from '../room/index.ts';
import { publicKeyVerifier } from '../signing/index.ts';
import { RequestVerifier } from '../wire/index.ts';
import type { RequestSender } from './caller.ts';
import { RateLimit } from './limits.ts';
import { onOwnAccount } from './problems.ts';
import type { ReceivedRequest } from './request.ts';

/** How often each key may ask. */
const RATE = { perSecond: 50, burst: 200 };

/** Who has a key. */
interface Holder {
  readonly caller: RequestSender;
  readonly verify: VerifySignature;
}

/** What a gate needs. */
export interface GateOptions {
  /** Of the room, as `parseOrigin` returns it. */
  readonly origin: string;
  readonly reader: RoomReader;
  readonly now: () => Date;
  /** Milliseconds since any instant, which never go back. */
  readonly elapsedMs: () => number;
}

/** A request that was let in. */
export interface Admitted {
  readonly caller: RequestSender;
  /** SHA-256 of the body that was signed; `null` without a body. */
  readonly digest: Uint8Array | null;
}

/**
 * Decides whose a request is: the signature says which key, and the manifest in force whose it is. There must be one for each room and
 * process, since it remembers which requests it has seen.
 */
export class Gate {
  readonly #reader: RoomReader;
  readonly #verifier: RequestVerifier;
  readonly #rate: RateLimit;
  /** The room whose keys are below. */
  #room: Room | null = null;
  #holders: ReadonlyMap<string, Holder> = new Map();

  /** Makes a gate that refuses every request from before it was made. */
  constructor({ origin, reader, now, elapsedMs }: GateOptions) {
    this.#reader = reader;
    this.#rate = new RateLimit(RATE, elapsedMs);
    const findKey = (keyId: string): VerifySignature | null => this.#holders.get(keyId)?.verify ?? null;
    this.#verifier = new RequestVerifier({ origin, now, findKey });
  }

  /**
   * Lets a request in by its head; nothing of its body is read.
   *
   * @throws {SealroomError} AUTH_* for its signature; SERVER_RATE; SERVER_BUSY and SERVER_INTERNAL for the room.
   */
  async admit({ head, hasBody }: ReceivedRequest): Promise<Admitted> {
    const room = await openForMembers(this.#reader);
    // From here to the end nothing else runs.
    if (room !== this.#room) {
      this.#room = room;
      this.#holders = listHolders(room.manifest);
      this.#rate.keep(new Set(this.#holders.keys()));
    }
    const { keyId, digest } = this.#verifier.verify(head, hasBody);
    const holder = this.#holders.get(keyId);
    if (holder === undefined) throw new TypeError('a key was verified that nobody has');
    this.#rate.take(keyId);
    return { caller: holder.caller, digest };
  }
}

/** The holders of all keys in a manifest: its members, or the people of those that have some. */
function listHolders({ members }: Manifest): ReadonlyMap<string, Holder> {
  const callers = members.flatMap(({ id: member, people, publicKeys }): RequestSender[] => {
    if (people.length > 0) {
      return people.map(({ id: person, roles, sign }) => ({ keyId: sign, member, person, roles }));
    }
    return publicKeys.sign === null ? [] : [{ keyId: publicKeys.sign, member, person: null, roles: ROLES }];
  });
  return new Map(
    callers.map((caller) => [caller.keyId, { caller: Object.freeze(caller), verify: publicKeyVerifier(caller.keyId) }]),
  );
}

/**
 * The room as it is now. What is wrong with it concerns its operator, and is told to nobody else.
 *
 * @throws {SealroomError} SERVER_BUSY if it is being changed for too long; SERVER_INTERNAL if it cannot be opened.
 */
export function openForMembers(reader: RoomReader): Promise<Room> {
  return onOwnAccount('the room cannot be opened', () => reader.open());
}
