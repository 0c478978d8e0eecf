import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeUtf8 } from '#src/bytes/index';
import { readEvents, type StreamEvent } from '#src/client/events';
import { runs } from '../support/runs.ts';

async function eventsIn(blocks: readonly Uint8Array[]): Promise<readonly StreamEvent[]> {
  const events: StreamEvent[] = [];
  async function* stream(): AsyncGenerator<Uint8Array> {
    for (const block of blocks) yield await Promise.resolve(block);
  }
  for await (const event of readEvents(stream())) events.push(event);
  return events;
}

const STREAM =
  ': comment\n\nevent: queued\nid: 1\ndata: {"a": "é"}\n\nid: 2\r\ndata: b\r\ndata:c\r\n\r\n:\n\ndata: cut off';

test('reads ids and data, and leaves out comments and what was not finished', async () => {
  expect(await eventsIn([encodeUtf8(STREAM)])).toEqual([
    { id: '1', data: '{"a": "é"}' },
    { id: '2', data: 'b\nc' },
  ]);
});

test('it does not matter how the stream is cut into blocks', async () => {
  const bytes = encodeUtf8(STREAM);
  const whole = await eventsIn([bytes]);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(bytes.length)), async (cuts) => {
      const ends = [...cuts.toSorted((a, b) => a - b), bytes.length];
      const blocks = ends.map((end, at) => bytes.subarray(ends[at - 1] ?? 0, end));
      expect(await eventsIn(blocks)).toEqual(whole);
    }),
    { numRuns: runs(200) },
  );
});

test('an event cannot fill the memory', async () => {
  const block = encodeUtf8('a'.repeat(1 << 20));
  await expect(eventsIn([encodeUtf8('data: '), ...Array.from({ length: 5 }, () => block)])).rejects.toMatchObject({
    code: 'IO_ROOM',
  });
  const line = encodeUtf8(`data: ${'a'.repeat(1 << 20)}\n`);
  await expect(eventsIn(Array.from({ length: 5 }, () => line))).rejects.toMatchObject({ code: 'IO_ROOM' });
});
