import type { CsvStart } from './start.ts';

/** What is behind the headers of each file, in chunks that are valid until the next one is requested. */
export function* dataOfFiles(
  { files }: CsvStart,
  signal: AbortSignal | undefined,
): Generator<AsyncIterable<Uint8Array>> {
  for (const { source, dataStart } of files) yield skip(source.chunks(signal), dataStart);
}

async function* skip(chunks: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let left = bytes;
  for await (const chunk of chunks) {
    if (chunk.length > left) yield chunk.subarray(left);
    left = Math.max(0, left - chunk.length);
  }
}
