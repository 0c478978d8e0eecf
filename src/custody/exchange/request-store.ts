import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import canonicalize from 'canonicalize';
import { SealroomError, systemReason } from '../../errors/index.ts';
import type { MemberHome } from '../home.ts';
import { fileExists, placeFile, writePrivateFile } from '../../files/index.ts';
import { readText } from './message-file.ts';
import type { HeldGeneration } from './parcel.ts';
import { parseRequest, type SignedRequest } from './request.ts';

/** Where a request is: made and waiting for its parcel, used up, or answered for another member. */
type Shelf = 'requests' | 'used' | 'answered';

function fileOf(home: MemberHome, shelf: Shelf, collaborationId: string, sha256: string): string {
  return join(home.collaboration(collaborationId), shelf, `${sha256}.json`);
}

/**
 * Keeps a request until its parcel comes.
 *
 * @throws {SealroomError} IO_WRITE if it cannot be kept.
 */
export async function keepRequest(home: MemberHome, { body, sha256, text }: SignedRequest): Promise<void> {
  //= exchange E-21
  await writePrivateFile(fileOf(home, 'requests', body.collaborationId, sha256), text, { replaces: false });
}

/**
 * A request that was kept and has not been used.
 *
 * @throws {SealroomError} CUSTODY_MESSAGE if there is none, or it was used, or its file was changed; IO_READ.
 */
export async function findRequest(home: MemberHome, collaborationId: string, sha256: string): Promise<SignedRequest> {
  const file = fileOf(home, 'requests', collaborationId, sha256);
  const text = await readText(file);
  if (text !== null) {
    const request = parseRequest(text, { file });
    if (request.sha256 === sha256) return request;
    throw new SealroomError('CUSTODY_MESSAGE', 'expected the request that its file is named after, got another', {
      where: { file },
      hint: 'make a new request',
    });
  }
  //= exchange E-36
  const wasUsed = await fileExists(fileOf(home, 'used', collaborationId, sha256));
  throw new SealroomError(
    'CUSTODY_MESSAGE',
    wasUsed
      ? 'expected the answer to an open request, got one to a request that was used'
      : 'expected the answer to a request of this home, got one to another',
    { hint: wasUsed ? 'the secret is in the home already: `sealroom key show`' : 'make a request and send it' },
  );
}

/**
 * Uses a request up: no parcel is taken for it any more.
 *
 * @throws {SealroomError} CUSTODY_MESSAGE if another process did meanwhile; IO_WRITE.
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
      isGone ? 'the request was used by another process meanwhile' : `cannot write: ${systemReason(error)}`,
      { where: { file: from }, cause: error },
    );
  }
}

/**
 * Notes which secret a request is answered with.
 *
 * @throws {SealroomError} CUSTODY_MESSAGE if it was answered with another one before; IO_READ, IO_WRITE.
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
    if ((await readText(file)) === answer) return;
    throw new SealroomError('CUSTODY_MESSAGE', 'the request was answered with another secret before', {
      where: { file },
      hint: 'have the other member make a new request',
    });
  }
}
