import { roomFailed } from './transport.ts';

/** An event of a stream: its id, and its data. */
export interface StreamEvent {
  readonly id: string | null;
  readonly data: string;
}

/** Most characters of an event. */
const MAX_EVENT_CHARACTERS = 4 << 20;

/**
 * The events in a stream of blocks (`text/event-stream`); comments are left out, and so is an event that was not finished. Lines end
 * with a line feed, alone or after a carriage return.
 *
 * @throws {SealroomError} IO_ROOM if an event is too long.
 */
export async function* readEvents(blocks: AsyncIterable<Uint8Array>): AsyncGenerator<StreamEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  let id: string | null = null;
  let data: string[] = [];
  for await (const block of blocks) {
    rest += decoder.decode(block, { stream: true });
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_EVENT_CHARACTERS) throw roomFailed('an event of the room is too long');
    for (const line of lines.map((each) => each.replace(/\r$/, ''))) {
      if (line === '') {
        if (data.length > 0) yield { id, data: data.join('\n') };
        data = [];
        continue;
      }
      const [, field = '', value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
      if (field === 'data') data.push(value);
      if (field === 'id') id = value;
      if (data.reduce((length, each) => length + each.length, 0) > MAX_EVENT_CHARACTERS) {
        throw roomFailed('an event of the room is too long');
      }
    }
  }
}
