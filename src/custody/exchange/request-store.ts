import { mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import canonicalize from 'canonicalize';
import type { CollaborationId } from '../../crypto/index.ts';
import { SealroomError, systemReason } from '../../errors/index.ts';
import type { MemberHome } from '../home.ts';
import { fileExists, placeFile, writePrivateFile } from '../../files/index.ts';
import { readMessageText } from './message-file.ts';
import type { HeldGeneration } from './parcel.ts';
import { parseRequest, type SignedRequest } from './request.ts';

/** The directories of requests: those that wait for their parcel, used ones, and answered ones of other members. */
type Shelf = 'requests' | 'used' | 'answered';

function fileOf(home: MemberHome, shelf: Shelf, collaborationId: CollaborationId, sha256: string): string {
  return join(home.collaboration(collaborationId), shelf, `${sha256}.json`);
}

/**
 * Stores a request until its parcel comes.
 *
 * @throws {SealroomError} IO_WRITE if it cannot be written.
 */
export async function keepRequest(home: MemberHome, { body, sha256, text }: SignedRequest): Promise<void> {
  //= exchange E-21
  await writePrivateFile(fileOf(home, 'requests', body.collaborationId, sha256), text, { replaces: false });
}

/**
 * Finds a stored request that was not used.
 *
 * @throws {SealroomError} CUSTODY_MESSAGE if there is none, or it was used, or its file was changed; IO_READ.
 */
export async function findRequest(
  home: MemberHome,
  collaborationId: CollaborationId,
  sha256: string,
): Promise<SignedRequest> {
  const file = fileOf(home, 'requests', collaborationId, sha256);
  const text = await readMessageText(file);
  if (text !== null) {
    const request = parseRequest(text, { file });
    if (request.sha256 === sha256) return request;
    throw new SealroomError('CUSTODY_MESSAGE', 'the request is not the one that its file is named after', {
      where: { file },
      hint: 'make a new request',
    });
  }
  //= exchange E-36
  const wasUsed = await fileExists(fileOf(home, 'used', collaborationId, sha256));
  throw new SealroomError(
    'CUSTODY_MESSAGE',
    wasUsed
      ? 'the parcel answers a request that was already used'
      : 'the parcel does not answer a request of this home',
    { hint: wasUsed ? 'the secret is already in the home: see `sealroom key show`' : 'make a request and send it' },
  );
}

/**
 * Lists the requests of a collaboration that wait for their parcel.
 *
 * @throws {SealroomError} CUSTODY_MESSAGE if one was changed; IO_READ.
 */
export async function listRequests(
  home: MemberHome,
  collaborationId: CollaborationId,
): Promise<readonly SignedRequest[]> {
  const names = await readdir(join(home.collaboration(collaborationId), 'requests')).catch(() => []);
  const hashes = names.flatMap((name) => /^([0-9a-f]{64})\.json$/.exec(name)?.slice(1) ?? []);
  return Promise.all(hashes.sort().map((sha256) => findRequest(home, collaborationId, sha256)));
}

/**
 * Marks a request as used, so that no other parcel is accepted for it.
 *
 * @throws {SealroomError} CUSTODY_MESSAGE if another process has used it in the meantime; IO_WRITE.
 */
export async function useRequest(home: MemberHome, { body, sha256 }: SignedRequest): Promise<void> {
  const from = fileOf(home, 'requests', body.collaborationId, sha256);
  const to = fileOf(home, 'used', body.collaborationId, sha256);
  try {
    //= exchange E-36
    await mkdir(dirname(to), { recursive: true, mode: 0o700 });
    await placeFile(from, to, { replaces: true });
  } catch (error) {
    const isGone = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw new SealroomError(
      isGone ? 'CUSTODY_MESSAGE' : 'IO_WRITE',
      isGone ? 'another process used the request in the meantime' : `cannot write: ${systemReason(error)}`,
      { where: { file: from }, cause: error },
    );
  }
}

/**
 * Records which secret answers a request.
 *
 * @throws {SealroomError} CUSTODY_MESSAGE if it was already answered with another secret; IO_READ, IO_WRITE.
 */
export async function noteAnswer(
  home: MemberHome,
  { body, sha256 }: SignedRequest,
  { generation, secretId }: HeldGeneration,
): Promise<void> {
  //= exchange E-23
  const file = fileOf(home, 'answered', body.collaborationId, sha256);
  const answer = `${canonicalize({ generation, secretId }) ?? ''}\n`;
  try {
    await writePrivateFile(file, answer, { replaces: false });
  } catch (error) {
    if (!(error instanceof SealroomError) || error.code !== 'IO_EXISTS') throw error;
    if ((await readMessageText(file)) === answer) return;
    throw new SealroomError('CUSTODY_MESSAGE', 'the request was already answered with another secret', {
      where: { file },
      hint: 'ask the other member for a new request',
    });
  }
}
