import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type ClockJumps, createAuditLog, createSignerFile, readRecords, type RoomEvent } from '../audit/index.ts';
import { placeFile, temporaryName } from '../files/index.ts';
import {
  type Manifest,
  type MemberSignature,
  newestWithdrawals,
  requireSignedByMembers,
  type Withdrawal,
} from '../collab/index.ts';
import { SealroomError } from '../errors/index.ts';
import { failAtRoom, replaceFile, ROOM_FILES, sweep, withRoomLock } from './room-files.ts';
import { parseSigned } from './manifest-copy.ts';
import { removalOf } from './snapshots/remove.ts';
import { auditFilesOf, snapshotMatches, openRoom, readRoom, recordInRoom, type Room } from './room.ts';
import { readState, type RoomState, snapshotFile, writeState } from './snapshots/snapshot-index.ts';

/** What is needed to make a room. */
export interface RoomParts {
  /** Absolute path; an empty directory may exist there, and nothing else. */
  readonly directory: string;
  /** The text of a manifest that all members have signed. */
  readonly manifest: string;
  /** The manifest's name in errors. */
  readonly manifestFile: string;
  /** Name of the audit log's signer; default: `sealroom/` and the collaboration id. */
  readonly signerName?: string | undefined;
  readonly now: () => Date;
  /** Whether a record may come more than a day after the one before it; see `AuditLogOptions`. */
  readonly allowClockJump?: ClockJumps | undefined;
}

/** What is needed to give a room another version of its manifest. */
export interface RoomUpdateParts extends Omit<RoomParts, 'signerName'> {
  /**
   * For a version that comes from a member and not from the operator of the room: SHA-256 of the manifest that it replaces. If another
   * one is in force, or it was in force before, it is refused. So it is unless all members of the one in force have signed it with
   * the keys that they have there: a manifest says itself whose keys sign it, and a member could write one in which all are its own.
   */
  readonly replaces?: string | undefined;
}

/** What a new version of the manifest changed in a room. */
export interface RoomUpdate {
  readonly manifest: Manifest;
  /** Names of the tables whose snapshots were removed because they do not match the new version. */
  readonly removed: readonly string[];
  /** The approvals in this copy that do not count, because the room knows of their withdrawal. */
  readonly withdrawn: readonly { readonly member: string; readonly template: string; readonly time: string }[];
  /** When this same version was brought into force before, if others were since; ISO 8601, UTC. */
  readonly inForceBefore: string | null;
}

/**
 * Makes a room: a directory with a copy of the manifest, an empty audit log and a new key that signs the log. Either all of it is
 * made or nothing.
 *
 * @throws {SealroomError} IO_EXISTS if something is already there; IO_WRITE; USAGE_OPTION if the signer's name is not
 *   valid; MANIFEST_* if the manifest is not valid, or not signed by all members.
 */
export async function createRoom({ directory, manifest, manifestFile, signerName, now }: RoomParts): Promise<Room> {
  const { id, sha256, withdrawals } = parseSigned(manifest, manifestFile);
  const unfinished = temporaryName(directory);
  const fail = failAtRoom(directory);
  await mkdir(unfinished, { mode: 0o700 }).catch(fail);
  try {
    const signer = await createSignerFile(join(unfinished, ROOM_FILES.signer), signerName ?? `sealroom/${id}`);
    await createAuditLog({ directory: join(unfinished, ROOM_FILES.audit), signer });
    await mkdir(join(unfinished, ROOM_FILES.snapshots), { mode: 0o700 });
    await replaceFile(unfinished, ROOM_FILES.lock, '');
    await replaceFile(unfinished, ROOM_FILES.verifier, `${signer.verifier.toString()}\n`);
    await replaceFile(unfinished, ROOM_FILES.manifest, manifest);
    const state = { version: 1, collaborationId: id, manifestSha256: sha256, snapshots: [] } as const;
    await writeState(unfinished, { ...state, ...learn([], withdrawals) });
    await recordInRoom(unfinished, [{ kind: 'manifest', manifestSha256: sha256, replacedSha256: null }], { now });
    await placeFile(unfinished, directory, { replaces: true });
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'ENOTDIR') fail(error);
    throw new SealroomError('IO_EXISTS', 'a file or a directory that is not empty is already there', {
      where: { file: directory },
      hint: '`sealroom room update` gives a room a new manifest',
      cause: error,
    });
  }
  return openRoom(directory);
}

/**
 * Gives a room another version of its manifest. Snapshots that do not match it, for example because it names other columns, are
 * removed, and their tables must be loaded again. The audit log and the spent budgets stay.
 *
 * The room keeps every withdrawal of an approval that it has seen: a copy of the manifest without it does not bring the approval back.
 *
 * A manifest has no version number that says which of two is newer. An older version that all members once signed is accepted
 * like any other; the log says when it was in force before.
 *
 * @throws {SealroomError} USAGE_OPTION if the manifest is of another collaboration; MANIFEST_* if it is not valid, not
 *   signed by all members, or not what `replaces` asks for; IO_READ, IO_WRITE, IO_LOCKED, IO_CLOCK, ROOM_STATE.
 */
export async function updateRoom({
  directory,
  manifest: text,
  manifestFile,
  now,
  allowClockJump,
  replaces,
}: RoomUpdateParts): Promise<RoomUpdate> {
  const signed = parseSigned(text, manifestFile);
  const { id, sha256, withdrawals } = signed;
  return withRoomLock(directory, async () => {
    const { state } = await readState(directory);
    if (state.collaborationId !== id) {
      throw new SealroomError(
        'USAGE_OPTION',
        `the manifest is of another collaboration than ${state.collaborationId}, which the room is for`,
        {
          where: { file: manifestFile },
          hint: 'make a separate room for each collaboration',
        },
      );
    }
    if (replaces !== undefined) await requireReplaces(directory, replaces, signed);
    const learned = learn(state.withdrawals ?? [], withdrawals);
    const manifest = parseSigned(text, manifestFile, learned.withdrawals);
    const fitting = state.snapshots.filter((entry) =>
      manifest.tables.some((table) => snapshotMatches(entry, manifest, table)),
    );
    const lost = state.snapshots.filter((entry) => !fitting.includes(entry));
    const isOther = state.manifestSha256 !== sha256;
    const inForceBefore = isOther ? await findInForce(directory, sha256) : null;
    if (replaces !== undefined && inForceBefore !== null) throw wasInForce(inForceBefore);
    const change: RoomEvent = { kind: 'manifest', manifestSha256: sha256, replacedSha256: state.manifestSha256 };
    const removals = lost.map((entry) => removalOf(entry, sha256));
    await recordInRoom(directory, [...(isOther ? [change] : []), ...removals], { now, allowClockJump });
    // Between the two writes the room cannot be opened, because the state does not match the manifest.
    await replaceFile(directory, ROOM_FILES.manifest, text);
    await writeState(directory, { ...state, manifestSha256: sha256, snapshots: fitting, ...learned });
    await sweep(directory, fitting.map(snapshotFile));
    return { manifest, removed: lost.map(({ table }) => table), withdrawn: listWithdrawn(manifest), inForceBefore };
  });
}

/** Requires that a version from a member replaces the manifest in force, and that the members of that one agree to it. */
async function requireReplaces(directory: string, replaces: string, manifest: Manifest): Promise<void> {
  const { manifest: inForce } = await readRoom(directory);
  if (inForce.sha256 !== replaces) {
    throw new SealroomError('MANIFEST_CHANGED', 'another manifest is in force than the one that was to be replaced', {
      hint: 'compare with the one that is in force now, and sign again if you still agree',
    });
  }
  requireSignedByMembers(manifest, inForce);
}

function wasInForce(time: string): SealroomError {
  return new SealroomError('MANIFEST_OLD', `this version was brought into force before, on ${time}`, {
    hint: 'change it and have all members sign it, or ask the operator of the room to bring it back',
  });
}

/** What the room knows of withdrawals, with those of a manifest whose signatures hold. */
function learn(known: readonly Withdrawal[], seen: readonly MemberSignature[]): Pick<RoomState, 'withdrawals'> {
  const all = seen.flatMap(({ member, sha256, time }) => (time === undefined ? [] : [{ member, sha256, time }]));
  const withdrawals = newestWithdrawals([...known, ...all]);
  return withdrawals.length === 0 ? {} : { withdrawals };
}

function listWithdrawn({ templates }: Manifest): RoomUpdate['withdrawn'] {
  return templates.flatMap(({ id, approvals, approvedBy, withdrawals }) =>
    withdrawals.flatMap(({ member, time }) => {
      const isGiven = approvals.some((approval) => approval.member === member);
      return isGiven && !approvedBy.includes(member) ? [{ member, template: id, time }] : [];
    }),
  );
}

/** When a version of the manifest last came into force; `null` if it never did. */
async function findInForce(directory: string, manifestSha256: string): Promise<string | null> {
  let found: string | null = null;
  for await (const { record } of readRecords(auditFilesOf(directory).auditDirectory)) {
    const { event, time } = record;
    if (event.kind === 'manifest' && event.manifestSha256 === manifestSha256) found = time;
  }
  return found;
}
