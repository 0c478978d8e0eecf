import { Block } from 'apache-arrow/fb/block';
import { DictionaryBatch } from 'apache-arrow/fb/dictionary-batch';
import { Footer } from 'apache-arrow/fb/footer';
import { Message } from 'apache-arrow/fb/message';
import { MessageHeader } from 'apache-arrow/fb/message-header';
import { RecordBatch } from 'apache-arrow/fb/record-batch';
import { Schema } from 'apache-arrow/fb/schema';
import { ByteBuffer } from 'flatbuffers';
import { SealroomError } from '../../errors/index.ts';
import type { ArrowInput } from './input.ts';

// Both forms of Arrow IPC (https://arrow.apache.org/docs/format/Columnar.html) are messages: a length, a description as FlatBuffer, and
// a body. A file has a footer as well, which says where they are.

const MAGIC = 'ARROW1';
/** The magic and the length of the footer before it. */
const TAIL_BYTES = 10;
const FEATHER_1_MAGIC = 'FEA1';
/** Stands before a length; streams of old versions do without. */
const CONTINUATION = -1;

/** A message other than the schema, with its body. */
export type ArrowMessage = (
  | { readonly kind: 'batch'; readonly header: RecordBatch }
  | { readonly kind: 'dictionary'; readonly header: RecordBatch; readonly id: bigint; readonly isDelta: boolean }
) & { readonly body: Uint8Array; readonly version: number };

/** An Arrow table as it is stored. */
export interface ArrowMessages {
  readonly schema: Schema;
  /**
   * The other messages: all dictionaries of a file first, those of a stream where they are.
   *
   * @throws {SealroomError} DATA_CORRUPT if a stream has no end, or goes on behind it; {RangeError} for damaged messages.
   */
  read(): AsyncGenerator<ArrowMessage>;
}

/**
 * Starts to read an Arrow stream, or a file in Arrow's file format.
 *
 * @throws {SealroomError} IO_FORMAT for a file in the first version of Feather; {RangeError} if it is no Arrow.
 */
export async function openMessages(input: ArrowInput): Promise<ArrowMessages> {
  const head = latin(await input.read(0, Math.min(input.bytes, MAGIC.length)));
  if (head.startsWith(FEATHER_1_MAGIC)) {
    throw new SealroomError('IO_FORMAT', 'the file is in version 1 of Feather, which cannot be read', {
      hint: 'write it again in version 2, which is Arrow: `pyarrow.feather.write_feather(table, file)`',
    });
  }
  return head === MAGIC ? openFile(input) : openStream(input);
}

function latin(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

async function openFile(input: ArrowInput): Promise<ArrowMessages> {
  const tail = await input.read(input.bytes - TAIL_BYTES, TAIL_BYTES);
  if (latin(tail.subarray(4)) !== MAGIC) throw new RangeError('a file without its end');
  const length = new DataView(tail.buffer).getInt32(0, true);
  const bytes = await input.read(input.bytes - TAIL_BYTES - length, length);
  const footer = Footer.getRootAsFooter(new ByteBuffer(bytes));
  const schema = footer.schema(new Schema());
  if (schema === null) throw new RangeError('a file without a schema');
  const dictionaries = blocksOf(footer.dictionariesLength(), bytes, (index) => footer.dictionaries(index, new Block()));
  const batches = blocksOf(footer.recordBatchesLength(), bytes, (index) => footer.recordBatches(index, new Block()));
  return {
    schema,
    async *read() {
      for (const position of [...dictionaries, ...batches]) {
        const found = await readAt(input, position);
        if (found.message === null) throw new RangeError('a block that is no message');
        yield contentOf(found.message, found.body);
      }
    },
  };
}

function blocksOf(length: number, footer: Uint8Array, at: (index: number) => Block | null): readonly number[] {
  if (length < 0 || length * Block.sizeOf() > footer.length) throw new RangeError('more blocks than the footer holds');
  return Array.from({ length }, (_, index) => Number(at(index)?.offset() ?? -1n));
}

async function openStream(input: ArrowInput): Promise<ArrowMessages> {
  const first = await readAt(input, 0);
  const { message } = first;
  if (message?.headerType() !== MessageHeader.Schema) throw new RangeError('a stream without a schema');
  const schema = headerOf(message, new Schema());
  return {
    schema,
    async *read() {
      let position = first.end;
      while (position < input.bytes) {
        const found = await readAt(input, position);
        if (found.message === null) {
          if (found.end !== input.bytes) break;
          return;
        }
        yield contentOf(found.message, found.body);
        position = found.end;
      }
      throw new SealroomError('DATA_CORRUPT', 'the Arrow stream has no end marker', {
        hint: 'it may be truncated, or followed by other data; closing the writer properly adds the marker',
      });
    },
  };
}

interface Found {
  /** `null` for the end marker. */
  readonly message: Message | null;
  readonly body: Uint8Array;
  /** Where the next message starts. */
  readonly end: number;
}

async function readAt(input: ArrowInput, start: number): Promise<Found> {
  let position = start;
  let length = await readLength(input, position);
  position += 4;
  if (length === CONTINUATION) {
    length = await readLength(input, position);
    position += 4;
  }
  if (length === 0) return { message: null, body: new Uint8Array(0), end: position };
  const message = Message.getRootAsMessage(new ByteBuffer(await input.read(position, length)));
  position += length;
  const bodyBytes = Number(message.bodyLength());
  const body = await input.read(position, bodyBytes);
  return { message, body, end: position + bodyBytes };
}

async function readLength(input: ArrowInput, position: number): Promise<number> {
  return new DataView((await input.read(position, 4)).buffer).getInt32(0, true);
}

function contentOf(message: Message, body: Uint8Array): ArrowMessage {
  const version = message.version();
  const kind = message.headerType();
  if (kind === MessageHeader.RecordBatch) {
    return { kind: 'batch', header: headerOf(message, new RecordBatch()), body, version };
  }
  // A stream may not change its columns midway.
  if (kind !== MessageHeader.DictionaryBatch) throw new RangeError('a message that is neither batch nor dictionary');
  const dictionary = headerOf(message, new DictionaryBatch());
  const header = dictionary.data(new RecordBatch());
  if (header === null) throw new RangeError('a dictionary without values');
  return { kind: 'dictionary', header, id: dictionary.id(), isDelta: dictionary.isDelta(), body, version };
}

function headerOf<Table>(message: Message, table: Table): Table {
  const found: unknown = message.header(table);
  if (found === null) throw new RangeError('a message without its header');
  return table;
}
