import { CompressionType } from 'apache-arrow/fb/compression-type';
import type { Decompress as ZstdStream } from 'fzstd';
import { SealroomError } from '../../errors/index.ts';
import { batchTooLong, MAX_PART_BYTES } from './input.ts';
import { decodeLz4Frame } from './lz4.ts';

/** Bytes in front of a compressed buffer: its length when it is decoded, or -1 if it is stored as it is. */
const PREFIX_BYTES = 8;

/** Decodes one buffer of a record batch, and returns it in a buffer of its own. */
export type BufferDecoder = (stored: Uint8Array) => Uint8Array;

/**
 * A decoder for the buffers of one record batch. All that it decodes counts against one limit, since a small batch can become very
 * large.
 *
 * @param codec of the batch's `BodyCompression`, or `null` for none
 * @throws {SealroomError} IO_FORMAT for an unknown codec, DATA_LENGTH over the limit; {RangeError} for damaged buffers.
 */
//= format F-142
export async function bufferDecoder(codec: number | null): Promise<BufferDecoder> {
  if (codec === null) return (stored) => stored;
  const decode = await loadCodec(codec);
  let total = 0;
  return (stored) => {
    if (stored.length === 0) return stored;
    const length = Number(new DataView(stored.buffer, stored.byteOffset).getBigInt64(0, true));
    const content = stored.subarray(PREFIX_BYTES);
    if (length === -1) return content.slice();
    total += length;
    if (total > MAX_PART_BYTES) throw batchTooLong(total);
    if (length < 0) throw new RangeError('a negative length');
    return length === 0 ? new Uint8Array(0) : decode(content, length);
  };
}

type Codec = (content: Uint8Array, length: number) => Uint8Array;

async function loadCodec(codec: number): Promise<Codec> {
  switch (codec) {
    case CompressionType.LZ4_FRAME as number:
      return decodeLz4Frame;
    case CompressionType.ZSTD as number:
      return zstdCodec(await import('fzstd'));
    default:
      throw new SealroomError('IO_FORMAT', `Arrow batches with compression ${String(codec)} cannot be read`, {
        hint: 'write the table without compression, or with LZ4 or ZSTD',
      });
  }
}

function zstdCodec({ Decompress }: { readonly Decompress: typeof ZstdStream }): Codec {
  return (content, length) => {
    const output = new Uint8Array(length);
    let written = 0;
    // In one call, the library does not say how much it has written.
    const stream = new Decompress((chunk) => {
      // A longer chunk than what is left is refused by the buffer.
      output.set(chunk, written);
      written += chunk.length;
    });
    stream.push(content, true);
    if (written !== length) throw new RangeError('a compressed buffer of another length');
    return output;
  };
}
