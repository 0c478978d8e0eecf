import { quoteForMessage } from './quote.ts';

/**
 * The number of edits between two texts, in UTF-16 units: inserted, removed or replaced ones, and neighbours that changed
 * places (the optimal string alignment distance).
 */
function countEdits(a: string, b: string): number {
  let twoBack: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwap ? (twoBack[j - 2] ?? 0) + 1 : Infinity;
      row.push(Math.min(replaced, swapped, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    twoBack = last;
    last = row;
  }
  return last[b.length] ?? 0;
}

/**
 * The name among `known` that a mistyped one most likely means, for "did you mean": the nearest of those that differ from it
 * by at most one edit for every three characters; upper and lower case count as the same. Of equally near ones the first.
 *
 * It is for names that the reader of the message may see anyway.
 */
export function findNearest(name: string, known: Iterable<string>): string | undefined {
  const typed = name.toLowerCase();
  let nearest: string | undefined;
  let fewest = Infinity;
  for (const candidate of known) {
    const most = Math.floor(Math.max(typed.length, candidate.length) / 3);
    if (Math.abs(typed.length - candidate.length) > most) continue;
    const edits = countEdits(typed, candidate.toLowerCase());
    if (edits > most || edits >= fewest) continue;
    nearest = candidate;
    fewest = edits;
  }
  return nearest;
}

/** The hint "did you mean" for a mistyped name, if {@link findNearest} finds one. */
export function didYouMean(name: string, known: Iterable<string>): string | undefined {
  const nearest = findNearest(name, known);
  return nearest === undefined ? undefined : `did you mean ${quoteForMessage(nearest)}?`;
}
