import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Batch } from 'sealroom/tabular';
import { BatchReceiver, sendBatch, sendEnd } from '#src/engine/batch-stream';
import { runs } from '../support/runs.ts';

const FIELDS = [
  { name: 'number', type: { kind: 'int' } },
  { name: 'text', type: { kind: 'string' } },
] as const;

const BATCH: Batch = {
  rows: 3,
  columns: [
    { layout: 'fixed', rows: 3, width: 4, values: new Uint8Array(12).fill(7), validity: null },
    {
      layout: 'bytes',
      rows: 3,
      offsets: Int32Array.of(0, 2, 2, 5),
      bytes: Uint8Array.of(97, 98, 99, 100, 101),
      validity: Uint8Array.of(0b101),
    },
  ],
};

/** Where the header has the number of rows, and the bytes of values and validity of each column; then where the offsets of the text are. */
const HEADER = { rows: 0, numbers: 4, text: 12, nulls: 16 };
const OFFSETS = 20 + 12;

/** What a sender writes for a batch, or for an end. */
async function bytesOf(send: (stream: PassThrough) => Promise<void>): Promise<Buffer> {
  const stream = new PassThrough();
  const sent = send(stream);
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(Buffer.from(chunk)));
  await sent;
  return Buffer.concat(chunks);
}

/** What a receiver makes of bytes that come in pieces, after which the stream ends. */
async function receive(bytes: Uint8Array, pieceBytes = bytes.length): Promise<Batch | 'end' | null> {
  const stream = new PassThrough();
  const receiver = new BatchReceiver();
  receiver.listenTo(stream);
  stream.on('data', (piece: Buffer) => {
    if (!receiver.take(piece)) stream.pause();
  });
  stream.pause();
  const received = receiver.receive(FIELDS);
  for (let at = 0; at < bytes.length; at += pieceBytes) stream.write(bytes.subarray(at, at + pieceBytes));
  stream.end();
  stream.resume();
  return received;
}

const batchBytes = await bytesOf((stream) => sendBatch(stream, BATCH));

function changed(at: number, value: number): Buffer {
  const bytes = Buffer.from(batchBytes);
  bytes.writeInt32LE(value, at);
  return bytes;
}

describe('a batch from another process', () => {
  test.each([1, 3, 7, 1000])('arrives as it was sent, in pieces of %d bytes', async (pieceBytes) => {
    expect(await receive(batchBytes, pieceBytes)).toEqual(BATCH);
  });

  test('may be the end', async () => {
    expect(await receive(await bytesOf((stream) => sendEnd(stream, FIELDS.length)))).toBe('end');
  });

  test.each([
    ['more rows than a vector', changed(HEADER.rows, 2049)],
    ['fewer rows than none', changed(HEADER.rows, -1)],
    ['too few values', changed(HEADER.numbers, 8)],
    ['a negative length of texts', changed(HEADER.text, -5)],
    ['texts that are longer than a row may be', changed(HEADER.text, (64 << 20) + 1)],
    ['too few bits of nulls', changed(HEADER.nulls, -1)],
    ['too many bits of nulls', changed(HEADER.nulls, 1 << 30)],
    ['texts that do not begin at the beginning', changed(OFFSETS, 1)],
    ['texts that end before they begin', changed(OFFSETS + 4, 9)],
    ['texts behind the last one', changed(OFFSETS + 12, 4)],
    ['texts that end behind the bytes', changed(OFFSETS + 12, 6)],
    ['fewer bytes than it says', batchBytes.subarray(0, -1)],
  ])('with %s is none', async (_, bytes) => {
    expect(await receive(bytes)).toBeNull();
  });

  test('is none, or has the form of its fields, whatever comes', async () => {
    const change = fc.record({ at: fc.nat(batchBytes.length - 1), byte: fc.integer({ min: 0, max: 255 }) });
    const property = fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 6 }), async (changes) => {
      const bytes = Buffer.from(batchBytes);
      for (const { at, byte } of changes) bytes[at] = byte;
      const received = await receive(bytes);
      if (received === null || received === 'end') return;
      const [numbers, text] = received.columns;
      if (numbers?.layout !== 'fixed' || text?.layout !== 'bytes') throw new Error('columns of other layouts');
      expect(numbers.values.length).toBe(received.rows * 4);
      const offsets = [...text.offsets];
      expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
      expect([offsets.length, offsets[0], offsets.at(-1)]).toEqual([received.rows + 1, 0, text.bytes.length]);
    });
    await fc.assert(property, { numRuns: runs(4000), seed: 20_261_130 });
  });
});
