import * as z from 'zod';
import { count, name, sha256, text, time, uuid } from './parts.ts';

const format = z.enum(['csv', 'parquet', 'arrow']);

/** A file that a member is about to send. */
export const uploadRequestBody = z
  .strictObject({
    /** Of the whole file. */
    bytes: z.int().min(1),
    format,
    /** CSV texts that mean null; without any, blanks do. */
    csvInputNull: z.array(text).max(100).readonly().optional(),
    /** Of the whole file, where it is known. */
    sha256: sha256.optional(),
    /** The signature beside the file, as `encrypt --sign` writes it. */
    signature: text.optional(),
  })
  .readonly();

/** A file that a member is about to send. */
export type UploadRequest = z.infer<typeof uploadRequestBody>;

/** A file on its way to a room. */
export const uploadBody = z
  .strictObject({
    id: uuid,
    table: name,
    bytes: count,
    /** Bytes that the room has: the next part begins here. */
    offset: count,
    format,
    /** When the room removes it, unless a part comes. */
    expires: time,
    maxPartBytes: z.int().min(1),
  })
  .readonly();

/** A file on its way to a room. */
export type Upload = z.infer<typeof uploadBody>;

/** The end of an upload. */
export const uploadCompletionBody = z
  .strictObject({
    /** Of the whole file. */
    sha256,
  })
  .readonly();

/** The end of an upload. */
export type UploadCompletion = z.infer<typeof uploadCompletionBody>;
