import { open, stat } from 'node:fs/promises';
import { sendTable } from '../../../client/index.ts';
import { SealroomError } from '../../../errors/index.ts';
import { companionOf, compressionOf, fileExists, hashFile, readTextFile, signaturePath } from '../../../files/index.ts';
import { findInput, type TableFormat } from '../../../tabular/index.ts';
import type { Job } from '../../../wire/index.ts';
import type { TableProgress } from '../table-transfer.ts';
import type { RoomConnection } from './connection.ts';
import { isUnknown, PendingRequest, withWayOn } from './requests.ts';

/** A file with the rows of a table. */
export interface TableToSend {
  readonly table: string;
  /** Absolute. */
  readonly path: string;
  /** Default: by the file's extension. */
  readonly format?: TableFormat | undefined;
  readonly csvInputNull?: readonly string[] | undefined;
  readonly onProgress?: ((progress: TableProgress) => void) | undefined;
}

/**
 * Sends the rows of a table to a room, which loads them in a job. A file that was begun goes on where it was cut.
 *
 * @throws {SealroomError} USAGE_OPTION if it is not one file without compression; IO_READ, IO_FORMAT; what the room refuses; IO_ROOM
 *   if the connection is lost, and the same call goes on.
 */
export async function sendToRoom(room: RoomConnection, sent: TableToSend): Promise<Job> {
  const { table, path, csvInputNull, onProgress } = sent;
  const { client } = room;
  const { signal } = room.environment;
  const format = await requireSingle(path, sent.format);
  const { size: bytes } = await stat(path);
  const sha256 = await hashFile(path, signal);
  const signature = await readSignature(path);
  const asked = { table, sha256, format, csvInputNull: csvInputNull ?? null, signature: signature ?? null };
  const request = await PendingRequest.find(room, 'load', asked);
  const { id: begun, job: started = null } = request.known ?? {};
  const loading = started === null ? null : await ifThere(client.job(started, { signal }));
  if (loading !== null) return loading;
  const left = begun === undefined ? null : await ifThere(client.upload(begun, { signal }));
  await using handle = await open(path, 'r');
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    const { bytesRead, buffer } = await handle.read(new Uint8Array(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  };
  let uploadId = left?.id;
  try {
    const job = await sendTable(
      client,
      {
        table,
        format,
        csvInputNull,
        signature,
        file: { bytes, sha256, read },
        uploadId,
        onStart: async (id) => {
          uploadId = id;
          await request.keep({ id, job: null });
        },
        onProgress: (sentBytes) => onProgress?.({ phase: 'send', rows: sentBytes, totalRows: bytes, unit: 'bytes' }),
      },
      { signal },
    );
    await request.keep({ id: uploadId ?? '', job: job.id });
    return job;
  } catch (error) {
    // What the room has of it is then of no use.
    if (error instanceof SealroomError && error.code === 'UPLOAD_INCOMPLETE') await request.forget();
    throw isUnknown(error) ? withWayOn(error, 'the same command goes on where it was cut') : error;
  }
}

/** What the room has, or `null` if it no longer does. */
async function ifThere<Found>(found: Promise<Found>): Promise<Found | null> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof SealroomError && error.code === 'SERVER_NOT_FOUND') return null;
    throw error;
  }
}

/** The signature beside a file, if it has one. */
async function readSignature(path: string): Promise<string | undefined> {
  const file = await companionOf(path, signaturePath);
  return (await fileExists(file)) ? readTextFile(file) : undefined;
}

/** The format of a file that can be sent as it is. */
async function requireSingle(path: string, given: TableFormat | undefined): Promise<TableFormat> {
  const { format, parts } = await findInput({ kind: 'file', path, format: given });
  if (parts === null && compressionOf(path) === null) return format;
  throw new SealroomError('USAGE_OPTION', 'a room over the network takes one file that is not compressed', {
    where: { file: path },
    hint: 'the owner can encrypt the table into one Parquet file, which is small as it is',
  });
}
