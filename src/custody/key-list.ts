import canonicalize from 'canonicalize';
import * as z from 'zod';
import { parseJson, SealroomError } from '../errors/index.ts';

/** Most characters of the file. */
const MAX_CHARACTERS = 1024 * 1024;

/** The start of every keystore, which is an age file. */
const AGE_START = 'age-encryption.org/';

const content = z.strictObject({
  version: z.literal(1),
  keys: z.array(
    z
      .string()
      .min(1)
      .max(4096)
      .regex(/^[^\p{Cc}\p{Cs}]+$/u),
  ),
});

/**
 * Parses the list of the keys that a home has used: canonical JSON and a line feed, with the URIs in order and each once.
 *
 * @throws {SealroomError} CUSTODY_KEY if it has another form. The message contains nothing of the text.
 */
export function parseKeyList(text: string, where: { readonly file?: string | undefined } = {}): readonly string[] {
  const parsed = text.length > MAX_CHARACTERS ? null : content.safeParse(parseJson(text));
  if (parsed?.success === true && printKeyList(parsed.data.keys) === text) return parsed.data.keys;
  // A keystore may be anywhere, and homes are older than this list.
  if (text.startsWith(AGE_START)) {
    throw new SealroomError('CUSTODY_KEY', 'the file is a keystore, where the home has the list of its keys', {
      where,
      hint: 'move the keystore elsewhere, and name it once with `--key keystore:<file>`',
    });
  }
  throw new SealroomError('CUSTODY_KEY', 'the list of the keys that the home has used was changed', {
    where,
    hint: 'restore it, or move it away and name each key once more with `--key`',
  });
}

/** Formats the list for its file. */
export function printKeyList(keys: readonly string[]): string {
  return `${canonicalize({ version: 1, keys: [...new Set(keys)].sort() }) ?? ''}\n`;
}
