import { X509Certificate } from 'node:crypto';
import { RoomClient } from '../../../client/index.ts';
import { type FileText, type MemberHome, pinRoom, readPinnedRoom, readSigningKey } from '../../../custody/index.ts';
import { quoteForMessage, SealroomError } from '../../../errors/index.ts';
import { readTextFile } from '../../../files/index.ts';
import { printPublicKey } from '../../../signing/index.ts';
import { openCheckpoint, parseVerifiers, type Verifier } from '../../../tlog/index.ts';
import { parseOrigin, type RoomView } from '../../../wire/index.ts';
import { homeOf, type MemberEnvironment } from '../environment.ts';

/** Where a room is, and what is known of it. */
export interface RoomPlace {
  /** `https://`, a host, and a port if it is not 443. */
  readonly address: string;
  /** Certificates in PEM that the room's is issued by, instead of those that the system trusts. */
  readonly ca?: FileText | undefined;
  /** The keys that verify the room's log, one per line; default: those that the home has pinned. */
  readonly trust?: FileText | undefined;
  /** Absolute path of the file with such keys that is used where none are given or pinned. */
  readonly defaultTrustFile?: string | undefined;
  /** The member that the caller claims to be. */
  readonly member?: string | undefined;
}

/** A room over the network that a member has reached, and that is the one whose keys it trusts. */
export class RoomConnection implements Disposable {
  readonly environment: MemberEnvironment;
  readonly home: MemberHome;
  readonly origin: string;
  readonly client: RoomClient;
  /** The room as it was found, and whose key the requests are signed with. */
  readonly view: RoomView;
  /** The public half of that key. */
  readonly publicKey: string;
  /** Those that verify the room's log. */
  readonly verifiers: readonly Verifier[];

  /** @param parts as {@link connectRoom} has found them */
  constructor(
    environment: MemberEnvironment,
    parts: Pick<RoomConnection, 'origin' | 'client' | 'view' | 'publicKey' | 'verifiers'>,
  ) {
    this.environment = environment;
    this.home = homeOf(environment);
    this.origin = parts.origin;
    this.client = parts.client;
    this.view = parts.view;
    this.publicKey = parts.publicKey;
    this.verifiers = parts.verifiers;
  }

  /** Closes the connections. */
  [Symbol.dispose](): void {
    this.client[Symbol.dispose]();
  }
}

/**
 * Reaches a room over the network with the signing key of the home, and checks that it is the one whose keys are trusted: those that are
 * given, or that the home has pinned. Keys that are given are pinned.
 *
 * @throws {SealroomError} USAGE_OPTION if the address is not one of a room, no keys are known, or the key of the home is another
 *   member's; SECRET_INVALID if the home has no signing key, or others can change it; AUDIT_NOTE if the room's log is signed by other
 *   keys; as `RoomClient`; IO_READ, IO_WRITE.
 */
export async function connectRoom(environment: MemberEnvironment, place: RoomPlace): Promise<RoomConnection> {
  const origin = parseOrigin(place.address);
  const home = homeOf(environment);
  const pinned = await readPinnedRoom(home, origin);
  const trust = place.trust ?? pinned ?? (await readDefault(place.defaultTrustFile));
  if (trust === null) throw unknownRoom();
  const trusted = parseVerifiers(trust.text, trust);
  const key = await readSigningKey(home.signingKey);
  const ca = place.ca === undefined ? undefined : requireCertificate(place.ca);
  const client = new RoomClient({ origin, key, now: environment.now, ca });
  try {
    const view = await client.room({ signal: environment.signal });
    requireMember(view, place.member);
    const { signedBy: verifiers } = openCheckpoint(view.checkpoint, trusted);
    if (trust !== pinned) await pinRoom(home, origin, verifiers.map(String));
    return new RoomConnection(environment, { origin, client, view, publicKey: printPublicKey(key), verifiers });
  } catch (error) {
    client[Symbol.dispose]();
    throw error;
  }
}

async function readDefault(file: string | undefined): Promise<FileText | null> {
  return file === undefined ? null : { text: await readTextFile(file), file };
}

function unknownRoom(): SealroomError {
  return new SealroomError('USAGE_OPTION', 'the first use of a room over the network needs `--trust`', {
    hint: '`--trust` is the verifier key of the room, which its operator has in `runner.pub`, or a file with it; your home keeps it',
  });
}

function requireCertificate({ text, file }: FileText): string {
  if (isCertificate(text)) return text;
  throw new SealroomError('USAGE_OPTION', 'the file does not begin with a certificate in PEM', { where: { file } });
}

function isCertificate(text: string): boolean {
  try {
    return new X509Certificate(text).raw.length > 0;
  } catch {
    return false;
  }
}

function requireMember({ you }: RoomView, claimed: string | undefined): void {
  if (claimed === undefined || claimed === you.member) return;
  const message = `\`--as\` is ${quoteForMessage(claimed)}, and the signing key of the home is one of ${quoteForMessage(you.member)}`;
  throw new SealroomError('USAGE_OPTION', message, {
    hint: 'leave out `--as`: the room knows who asks by the key; `--home` names another home',
  });
}
