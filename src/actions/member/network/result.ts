import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { forgetRequestOfJob } from '../../../custody/index.ts';
import { SealroomError } from '../../../errors/index.ts';
import { createTarget, fileSink, removeFile } from '../../../files/index.ts';
import type { ResultStatement } from '../../../package/index.ts';
import type { TableOutput } from '../../../tabular/index.ts';
import type { Ask, Job } from '../../../wire/index.ts';
import { type DecryptedTable, decryptForCollaboration } from '../decrypt-for-collaboration.ts';
import { wayOnWith } from './ask.ts';
import type { RoomConnection } from './connection.ts';
import { isUnknown, withWayOn } from './requests.ts';

/** A job with a result. */
export type ReleasedJob = Extract<Job, { readonly state: 'released' }>;

/**
 * Gets the package with the result of a job, as a file that gets its name once it is whole.
 *
 * @throws {SealroomError} RESULT_EXPIRED if the room no longer keeps it; IO_ROOM if it does not arrive whole; IO_EXISTS, IO_WRITE.
 */
export async function fetchPackage(
  room: RoomConnection,
  job: ReleasedJob,
  { path, overwrite }: { readonly path: string; readonly overwrite: boolean },
): Promise<void> {
  const sink = await fileSink(await createTarget(path, { overwrite }), path);
  try {
    let bytes = 0;
    for await (const block of room.client.result(job.id, { signal: room.environment.signal })) {
      await sink.write(block);
      bytes += block.length;
    }
    if (job.resultBytes !== null && bytes !== job.resultBytes) {
      throw new SealroomError(
        'IO_ROOM',
        `the package has ${String(job.resultBytes)} bytes, and ${String(bytes)} arrived`,
      );
    }
    await sink.close();
  } catch (error) {
    await sink.abort();
    throw isUnknown(error) ? withWayOn(error, wayOnWith(room, job.id)) : error;
  }
}

/** The result that is expected, and where it goes. */
export interface ResultWish {
  readonly output: TableOutput;
  readonly overwrite: boolean;
  /** What was asked, if that is known. */
  readonly ask: Ask | null;
  /** Whether it may have been opened before. */
  readonly isAgain: boolean;
  /** The file with the package if it was fetched before; `null` to fetch it, and to keep it only until it is open. */
  readonly file: string | null;
}

/** Whether a result is that of a job, and of what was asked. */
function isOf({ attempt, question }: ResultStatement, job: ReleasedJob, ask: Ask | null): boolean {
  if (attempt !== job.attempt) return false;
  if (ask === null) return true;
  if (!('template' in ask)) return question.template === null && question.sql === ask.sql;
  const given = Object.entries(ask.parameters ?? {});
  return question.template === ask.template && given.every(([name, value]) => question.parameters[name] === value);
}

/**
 * Gets the result of a job and opens it, with the identity and the secret of the home.
 *
 * @throws {SealroomError} as {@link fetchPackage} and `decryptForCollaboration`; FORMAT_PACKAGE if it is not the expected result.
 */
export async function openResult(
  room: RoomConnection,
  job: ReleasedJob,
  { output, overwrite, ask, isAgain, file: fetched }: ResultWish,
): Promise<DecryptedTable> {
  const path = fetched ?? join(room.home.requests, `${job.id}.age`);
  if (fetched === null) {
    await mkdir(room.home.requests, { recursive: true, mode: 0o700 });
    await fetchPackage(room, job, { path, overwrite: true });
  }
  try {
    return await decryptForCollaboration(room.environment, {
      table: { input: { kind: 'file', path }, output, overwrite },
      packageOutput: output,
      collaboration: {},
      packageKeys: {
        identityFile: undefined,
        trust: { text: room.verifiers.join('\n') },
        member: room.view.you.member,
        isAgain,
        isExpected: (statement) => isOf(statement, job, ask),
      },
      failOnFingerprintColumns: false,
    });
  } catch (error) {
    if (!(error instanceof SealroomError)) throw error;
    const way = `the room keeps the result: \`sealroom room job ${job.id} --room ${room.origin} --package <file>\``;
    const { file, ...where } = error.where;
    // A package that was fetched for this is gone by then.
    throw withWayOn(error.atPlace(fetched === null && file === path ? where : error.where), way);
  } finally {
    if (fetched === null) await removeFile(path);
  }
}

/** Says that the result of a job is here, or that the job has none; then the home forgets what was asked. */
export async function endJob(room: RoomConnection, job: Job): Promise<void> {
  if (job.state === 'released') await tellTaken(room, job);
  await forgetRequestOfJob(room.home, job.id);
}

async function tellTaken(room: RoomConnection, { id, receivers }: ReleasedJob): Promise<void> {
  if (!receivers.includes(room.view.you.member)) return;
  try {
    await room.client.takeResult(id, { signal: room.environment.signal });
  } catch (error) {
    if (!(error instanceof SealroomError)) throw error;
    room.environment.warn(`the room was not told that the result arrived: ${error.message}`);
  }
}
