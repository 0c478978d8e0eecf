import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { test } from 'vitest';
import { parseEnvelope, printEnvelope } from '#src/custody/envelope';
import { parseKeyList, printKeyList } from '#src/custody/key-list';
import { SealroomError } from '#src/errors/index';
import { mutantsOf } from '../support/mutants.ts';
import { runs } from '../support/runs.ts';

interface Golden {
  readonly envelopes: Readonly<Record<string, string>>;
  readonly version2: { readonly envelopes: Readonly<Record<string, string>> };
}

const golden = JSON.parse(readFileSync(join(import.meta.dirname, '../vectors/envelopes.json'), 'utf8')) as Golden;
const ENVELOPES = [...Object.values(golden.envelopes), ...Object.values(golden.version2.envelopes)];

const LISTS = [
  printKeyList([]),
  printKeyList(['age:/home/a/key']),
  printKeyList(ENVELOPES.map((text) => parseEnvelope(text).key)),
];

/** A parser takes a text in the one form that its value is printed in, or refuses it with a code and without repeating it. */
function tryMutants<T>(
  texts: readonly string[],
  { parse, print, code }: { parse: (text: string) => T; print: (value: T) => string; code: string },
): void {
  const mutants = mutantsOf(texts.map((text) => Buffer.from(text)));
  fc.assert(
    fc.property(mutants, (bytes) => {
      const text = bytes.toString('utf8');
      try {
        return print(parse(text)) === text;
      } catch (error) {
        if (!(error instanceof SealroomError)) throw error;
        const isSilent = text.length < 100 || !`${error.message} ${error.hint ?? ''}`.includes(text.slice(20, 60));
        return error.code === code && isSilent;
      }
    }),
    { seed: 12, numRuns: runs(10_000) },
  );
}

test('a changed envelope is another envelope or none, and breaks nothing', () => {
  tryMutants(ENVELOPES, { parse: (text) => parseEnvelope(text), print: printEnvelope, code: 'CUSTODY_ENVELOPE' });
});

test('a changed list of keys is another list or none, and breaks nothing', () => {
  tryMutants(LISTS, { parse: (text) => parseKeyList(text), print: printKeyList, code: 'CUSTODY_KEY' });
});
