import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isRecord, parseJson, SealroomError } from '../errors/index.ts';
import { fileExists, readTextFile, removeFile, writePrivateFile } from '../files/index.ts';
import type { MemberHome } from './home.ts';

/** A request to a room over the network that has not ended, so that it is made once however often it is repeated. */
export interface KeptRequest {
  /** What the room knows it by: the idempotency key of a query, or the id of an upload. */
  readonly id: string;
  /** The id of the job that it became; `null` as long as that is not known. */
  readonly job: string | null;
}

function fileOf({ requests }: MemberHome, name: string): string {
  return join(requests, `${name}.json`);
}

/**
 * The request of a name, if it was made and has not ended.
 *
 * @param name a hash of what is asked of whom, in hexadecimal: what is asked is not written down
 * @throws {SealroomError} IO_READ if it cannot be read, or is damaged.
 */
export async function readRoomRequest(home: MemberHome, name: string): Promise<KeptRequest | null> {
  const file = fileOf(home, name);
  if (!(await fileExists(file))) return null;
  const value = parseJson(await readTextFile(file));
  const { id, job } = isRecord(value) ? value : {};
  if (typeof id === 'string' && (job === null || typeof job === 'string')) return { id, job };
  throw new SealroomError('IO_READ', 'the file is not a request to a room', {
    where: { file },
    hint: 'remove it; the room is then asked anew',
  });
}

/** Keeps a request until it has ended. @throws {SealroomError} IO_WRITE */
export async function keepRoomRequest(home: MemberHome, name: string, { id, job }: KeptRequest): Promise<void> {
  await writePrivateFile(fileOf(home, name), `${JSON.stringify({ id, job })}\n`, { replaces: true });
}

/** Forgets a request. @throws {SealroomError} IO_WRITE */
export async function forgetRoomRequest(home: MemberHome, name: string): Promise<void> {
  await removeFile(fileOf(home, name));
}

/**
 * Forgets the request that became a job, if there is one.
 *
 * @throws {SealroomError} as {@link readRoomRequest} and {@link forgetRoomRequest}
 */
export async function forgetRequestOfJob(home: MemberHome, job: string): Promise<void> {
  const files = await readdir(home.requests).catch(() => []);
  const names = files.flatMap((file) => /^([0-9a-f]{64})\.json$/.exec(file)?.slice(1) ?? []);
  for (const name of names) {
    if ((await readRoomRequest(home, name))?.job === job) await forgetRoomRequest(home, name);
  }
}
