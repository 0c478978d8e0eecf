/** A list of texts as `assembly/texts.ts` has it. */
export function encodeTexts(texts: readonly Uint8Array[]): Uint8Array {
  const list = Buffer.alloc(4 + texts.reduce((sum, { length }) => sum + 4 + Math.ceil(length / 4) * 4, 0));
  list.writeInt32LE(texts.length, 0);
  let at = 4;
  for (const text of texts) {
    list.writeInt32LE(text.length, at);
    list.set(text, at + 4);
    at += 4 + Math.ceil(text.length / 4) * 4;
  }
  return list;
}
