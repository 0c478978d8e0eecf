import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { awsFailureOf, explainAwsFailure, loadAwsSdk } from '../aws/index.ts';
import { type CleanRoomsOptions, quoteAws } from '../collab/index.ts';
import { escapeUnprintable, isList, isRecord, quoteForMessage, SealroomError } from '../errors/index.ts';

/** Where results are downloaded from; {@link openResultStore} makes one. The answers are those of S3. */
export interface ResultStore extends Disposable {
  /** One page of the objects whose keys begin with a prefix. */
  list(page: ObjectPage, signal: AbortSignal | undefined): Promise<unknown>;
  /** An object, with its bytes as a stream in `Body`. */
  get(bucket: string, key: string, signal: AbortSignal | undefined): Promise<unknown>;
}

/** Which objects are listed. */
export interface ObjectPage {
  readonly bucket: string;
  readonly prefix: string;
  readonly token: string | undefined;
}

/**
 * A client of S3, of which results are downloaded; it does not connect yet.
 *
 * @throws {SealroomError} IO_CLEAN_ROOMS if the SDK's client, an optional package, is not installed.
 */
export async function openResultStore({ profile, region, endpoint }: CleanRoomsOptions = {}): Promise<ResultStore> {
  const sdk = await loadAwsSdk('@aws-sdk/client-s3', 'IO_CLEAN_ROOMS', () => import('@aws-sdk/client-s3'));
  const client = new sdk.S3Client({
    customUserAgent: 'sealroom',
    ...(profile === undefined ? {} : { profile }),
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
  });
  const optionsOf = (signal: AbortSignal | undefined): { readonly abortSignal?: AbortSignal } =>
    signal === undefined ? {} : { abortSignal: signal };
  return {
    list: ({ bucket, prefix, token }, signal) => {
      const command = new sdk.ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token });
      return client.send(command, optionsOf(signal));
    },
    get: (bucket, key, signal) =>
      client.send(new sdk.GetObjectCommand({ Bucket: bucket, Key: key }), optionsOf(signal)),
    [Symbol.dispose]: () => {
      client.destroy();
    },
  };
}

/** An address of a result for a message: whole, because nobody finds the result by a part of it. */
export function showLocation(location: string): string {
  return `\`${escapeUnprintable(location)}\``;
}

/** The most pages of a listing. */
const MAX_PAGES = 100;

function failure(error: unknown, location: string, permission: string): SealroomError {
  const cause = error instanceof Error ? error : new Error(String(error));
  const place = showLocation(location);
  const at = 'the query has run, and its result stays there: download it from there';
  if (cause.name === 'AccessDenied' || cause.name === 'Forbidden' || cause.name === 'NoSuchBucket') {
    const why = cause.name === 'NoSuchBucket' ? 'has no such bucket' : 'denied access to the result';
    const hint = `the caller needs the permission \`${permission}\` on ${place}; ${at}`;
    return new SealroomError('IO_CLEAN_ROOMS', `S3 ${why}`, { hint, cause: error });
  }
  const shared = {
    credentials: { message: 'no usable AWS credentials for S3' },
    region: { message: 'no usable AWS region for S3' },
    network: { message: 'S3 could not be reached' },
  };
  const { message } = explainAwsFailure(awsFailureOf(cause), shared, () => ({
    message: `S3 failed with ${quoteForMessage(cause.name)}: ${quoteAws(cause.message)}`,
  }));
  return new SealroomError('IO_CLEAN_ROOMS', message, { hint: `the result is in ${place}; ${at}`, cause: error });
}

/** Bucket and key of an address, such as `s3://bucket/folder/`. */
function parseLocation(location: string): { readonly bucket: string; readonly key: string } {
  const [, bucket, key] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,62})\/(.*)$/s.exec(location) ?? [];
  if (bucket !== undefined && key !== undefined) return { bucket, key };
  throw new SealroomError(
    'IO_CLEAN_ROOMS',
    `AWS named a place for the result that is not in S3: ${showLocation(location)}`,
  );
}

/** What downloading a result needs. */
export interface DownloadOptions {
  readonly store: ResultStore;
  readonly signal?: AbortSignal | undefined;
}

async function listKeys({ store, signal }: DownloadOptions, location: string): Promise<readonly string[]> {
  const { bucket, key } = parseLocation(location);
  const keys: string[] = [];
  let token: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await store.list({ bucket, prefix: key, token }, signal).catch((error: unknown) => {
      throw failure(error, location, 's3:ListBucket');
    });
    const contents: unknown = isRecord(answer) ? (answer['Contents'] ?? []) : [];
    for (const object of isList(contents) ? contents : []) {
      const name = isRecord(object) && object['Size'] !== 0 ? object['Key'] : undefined;
      if (typeof name === 'string' && isData(name)) keys.push(name);
    }
    const next = isRecord(answer) && answer['IsTruncated'] === true ? answer['NextContinuationToken'] : undefined;
    if (typeof next !== 'string') break;
    token = next;
  }
  return keys;
}

/** Whether an object is a part of the result: folders and the notes of Spark are not. */
function isData(key: string): boolean {
  const name = key.slice(key.lastIndexOf('/') + 1);
  return name !== '' && !name.startsWith('_') && !name.startsWith('.');
}

/**
 * Downloads a result of one file to a new file, which only its owner can read.
 *
 * @param location as AWS Clean Rooms named it: the object, or the folder that it is in
 * @throws {SealroomError} IO_CLEAN_ROOMS if it cannot be read, or is not exactly one file; the hint names the permission or the place.
 */
export async function downloadResult(location: string, file: string, options: DownloadOptions): Promise<void> {
  const { store, signal } = options;
  const { bucket } = parseLocation(location);
  const keys = await listKeys(options, location);
  const [key] = keys;
  if (key === undefined || keys.length > 1) {
    const what = key === undefined ? 'no file' : `${String(keys.length)} files`;
    throw new SealroomError('IO_CLEAN_ROOMS', `the result consists of ${what}, expected one`, {
      hint: `download and decrypt what is in ${showLocation(location)}`,
    });
  }
  const abort = signal === undefined ? {} : { signal };
  try {
    const answer = await store.get(bucket, key, signal);
    const body = isRecord(answer) ? answer['Body'] : undefined;
    if (!(body instanceof Readable)) throw new TypeError('the answer has no body');
    const handle = await open(file, 'wx', 0o600);
    await pipeline(body, handle.createWriteStream(), abort);
  } catch (error) {
    if (signal?.aborted === true)
      throw new SealroomError('IO_ABORTED', 'downloading the result was stopped', { cause: error });
    throw failure(error, location, 's3:GetObject');
  }
}
