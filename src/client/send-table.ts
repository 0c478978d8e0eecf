import { SealroomError } from '../errors/index.ts';
import type { Job, UploadRequest } from '../wire/index.ts';
import type { RoomCallOptions, RoomClient } from './room-client.ts';

/** A file that is sent in parts, and may be read again from any place. */
export interface SentFile {
  readonly bytes: number;
  /** SHA-256 of the whole file, 64 hexadecimal digits. */
  readonly sha256: string;
  /** The bytes from `offset` on: `length` of them, or fewer at the end. */
  readonly read: (offset: number, length: number) => Promise<Uint8Array>;
}

/** What is sent for which table. */
export interface SentTable extends Pick<UploadRequest, 'format' | 'csvInputNull' | 'signature'> {
  readonly table: string;
  readonly file: SentFile;
  /** The upload to go on with; a new one if left out. */
  readonly uploadId?: string | undefined;
  /** Called once the upload has an id, under which it can be continued later. */
  readonly onStart?: ((uploadId: string) => Promise<void>) | undefined;
  /** Called with the bytes that the room has. */
  readonly onProgress?: ((sentBytes: number) => void) | undefined;
}

/** Bytes of a part, unless the room takes only smaller ones. */
const PART_BYTES = 16 << 20;

/** How often in a row a part may fail. */
const MAX_FAILURES = 5;

/**
 * Sends the rows of a table to a room, in parts, each of which is signed. Where the connection is lost, or the room has another part
 * than was expected, it goes on from what the room has.
 *
 * @returns the job that loads the file
 * @throws {SealroomError} IO_ROOM if a part fails five times in a row: the upload can be continued by its id; RULE_SOURCE if the
 *   manifest names another file; UPLOAD_INCOMPLETE if the file changed meanwhile; as the methods of `RoomClient`.
 */
export async function sendTable(client: RoomClient, sent: SentTable, { signal }: RoomCallOptions = {}): Promise<Job> {
  const { table, file, format, csvInputNull, signature, onStart, onProgress } = sent;
  const { bytes, sha256 } = file;
  const known = sent.uploadId === undefined ? null : await client.upload(sent.uploadId, { signal });
  const request = { bytes, format, csvInputNull, sha256, signature };
  const upload = known ?? (await client.startUpload(table, request, { signal }));
  if (upload.table !== table || upload.bytes !== bytes) {
    throw new SealroomError('UPLOAD_INCOMPLETE', 'the upload that was begun is of another file, or for another table', {
      hint: 'send the file anew',
    });
  }
  await onStart?.(upload.id);
  let { offset } = upload;
  let failures = 0;
  while (offset < bytes) {
    onProgress?.(offset);
    const part = await file.read(offset, Math.min(PART_BYTES, upload.maxPartBytes, bytes - offset));
    if (part.length === 0) throw new SealroomError('UPLOAD_INCOMPLETE', 'the file became shorter while it was sent');
    try {
      await client.sendPart(upload.id, offset, part, { signal });
      offset += part.length;
      failures = 0;
    } catch (error) {
      failures += 1;
      if (!mayGoOn(error) || failures === MAX_FAILURES) throw error;
      ({ offset } = await client.upload(upload.id, { signal }));
    }
  }
  onProgress?.(offset);
  return client.completeUpload(upload.id, sha256, { signal });
}

/** Whether the room may have the part, or may take it the next time. */
function mayGoOn(error: unknown): boolean {
  return error instanceof SealroomError && ['IO_ROOM', 'UPLOAD_OFFSET', 'AUTH_DIGEST'].includes(error.code);
}
