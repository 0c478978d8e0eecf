/** A replacement of a part of a text; places are in UTF-16 units. */
export interface TextEdit {
  readonly start: number;
  /** Exclusive; equal to `start` if nothing is taken away. */
  readonly end: number;
  readonly text: string;
  /** The place that findings about the new text point to; `start` if there is none. */
  readonly origin?: number;
}

interface Piece {
  /** In the new text. */
  readonly start: number;
  /** In the old text. */
  readonly origin: number;
  readonly isCopy: boolean;
}

/** A text made of another one by edits, which knows where each of its parts comes from. */
export class Rewriting {
  readonly text: string;
  readonly #pieces: readonly Piece[];

  /** @param edits in the order of their places; they do not overlap, and those at one place come out in the order that they have here */
  constructor(original: string, edits: readonly TextEdit[]) {
    const pieces: Piece[] = [];
    const parts: string[] = [];
    let [length, place] = [0, 0];
    const add = (text: string, origin: number, isCopy: boolean): void => {
      if (text === '') return;
      pieces.push({ start: length, origin, isCopy });
      parts.push(text);
      length += text.length;
    };
    for (const { start, end, text, origin = start } of edits) {
      if (start < place || end < start) throw new RangeError('edits overlap');
      add(original.slice(place, start), place, true);
      add(text, origin, false);
      place = end;
    }
    add(original.slice(place), place, true);
    pieces.push({ start: length, origin: original.length, isCopy: false });
    this.text = parts.join('');
    this.#pieces = pieces;
  }

  /** The place in the old text that a place in the new one comes from. */
  originOf(place: number): number {
    let [low, high] = [0, this.#pieces.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#pieces[middle]?.start ?? 0) <= place) low = middle;
      else high = middle;
    }
    const piece = this.#pieces[low];
    if (piece === undefined) return 0;
    return piece.isCopy ? piece.origin + (place - piece.start) : piece.origin;
  }
}
