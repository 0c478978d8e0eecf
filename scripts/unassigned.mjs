// Writes src/normalise/unassigned.ts: the code points that have no character in the pinned version of Unicode, from the package
// regenerate-unicode-properties, whose release is for that version. test/normalise/unicode.test.ts compares the two.
//
//   node scripts/unassigned.mjs
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const load = createRequire(import.meta.url);
/** @type {string} */
const version = load('regenerate-unicode-properties/unicode-version.js');
/** @type {{ characters: { data: readonly number[] } }} data: begin of each range, and the code point after it, in turn */
const { characters } = load('regenerate-unicode-properties/General_Category/Unassigned.js');

// Begin and length of each range are small as distances: from the end of the last one, in base 36.
let last = 0;
const distances = characters.data.map((codePoint) => {
  const distance = codePoint - last;
  last = codePoint;
  return distance.toString(36);
});
const lines = distances.join(' ').match(/.{1,118}( |$)/g) ?? [];

const text = `// Written by scripts/unassigned.mjs; do not edit.

/** The version of Unicode that normalising follows, whatever the runtime has. */
export const UNICODE_VERSION = '${version}';

/**
 * The code points without a character in that version: begin and end of each range in turn, each as its distance from the one
 * before, in base 36. An end is not in its range.
 */
export const UNASSIGNED =
${lines.map((line, index) => `  '${line}'${index === lines.length - 1 ? ';' : ' +'}`).join('\n')}
`;
writeFileSync(join(fileURLToPath(new URL('..', import.meta.url)), 'src/normalise/unassigned.ts'), text);
