import type { Finding, Findings, Span } from '../../findings/finding.ts';
import type { TokenReading } from '../reading.ts';
import type { TextEdit } from '../rewriting.ts';

interface Inserted {
  readonly text: string;
  /** The index of the token that findings about the text point to. */
  readonly origin: number;
}

/** A character of a word or of a quoted name or text; half of one beyond the first plane is one too. */
const IN_WORD = /[\p{L}\p{N}\p{M}\p{Cs}_$'"]/u;
const IN_OPERATOR = /[-~!@#^&|`?+*/%<>=:]/u;

/** Whether DuckDB would read two parts of a text as something else if nothing stood between them. */
function mustPart(before: string, after: string): boolean {
  if (before.endsWith('&') && /^['"]/u.test(after)) return true;
  if (/^\.?\d/u.test(before) && (after.startsWith('.') || IN_WORD.test(after.charAt(0)))) return true;
  if (before === '.' && /^\d/u.test(after)) return true;
  const [last, first] = [before.at(-1) ?? '', after.charAt(0)];
  return (IN_WORD.test(last) && IN_WORD.test(first)) || (IN_OPERATOR.test(last) && IN_OPERATOR.test(first));
}

/** What becomes of the tokens of a text, each by its index. */
export class Draft {
  readonly reading: TokenReading;
  readonly #found: Findings;
  readonly #replaced = new Map<number, string>();
  readonly #before = new Map<number, Inserted[]>();

  constructor(reading: TokenReading, found: Findings) {
    this.reading = reading;
    this.#found = found;
  }

  /** Writes something else in place of a token; nothing, if the text is empty. */
  replace(index: number, text: string): void {
    this.#replaced.set(index, text);
  }

  /** Leaves out the tokens of a range; `end` is exclusive. */
  remove(start: number, end: number): void {
    for (let index = start; index < end; index += 1) this.replace(index, '');
  }

  /** Writes something before a token, or at the end of the text if there is no such token. */
  insert(index: number, text: string, origin: number): void {
    const place = Math.min(index, this.reading.tokens.length);
    const list = this.#before.get(place) ?? [];
    list.push({ text, origin });
    this.#before.set(place, list);
  }

  spanOf(index: number): Span {
    const { start = this.reading.text.length, end = start } = this.reading.tokens[index] ?? {};
    return { start, end };
  }

  /** Reports a token. */
  refuse(code: Finding['code'], index: number, message: string, help?: string): void {
    this.refuseAt(code, this.spanOf(index), message, help);
  }

  /** Reports a place. */
  refuseAt(code: Finding['code'], span: Span, message: string, help?: string): void {
    this.#found.add(code, span, message, { help });
  }

  /** The replacements alone: the text with nothing else changed. */
  replacements(): readonly TextEdit[] {
    const edits = [...this.#replaced].map(([index, text]) => ({ ...this.spanOf(index), text }));
    return edits.sort((a, b) => a.start - b.start);
  }

  /** The edits, with a space wherever DuckDB would read two tokens as one. Comments become spaces. */
  edits(): readonly TextEdit[] {
    const { all, text, tokens } = this.reading;
    const edits: TextEdit[] = [];
    let [index, last] = [0, ''];
    const write = (part: string, start: number, end: number, origin = start): void => {
      if (part !== '' && mustPart(last, part)) edits.push({ start, end: start, text: ' ', origin });
      if (part !== text.slice(start, end)) edits.push({ start, end, text: part, origin });
      if (part !== '') last = part;
    };
    const insertBefore = (place: number): void => {
      for (const { text: part, origin } of this.#before.get(index) ?? [])
        write(part, place, place, this.spanOf(origin).start);
    };
    for (const { kind, start, end } of all) {
      const written = text.slice(start, end);
      if (kind === 'space') write(/^[ \t\n\r\f]+$/u.test(written) ? written : ' ', start, end);
      else if (kind === 'comment') write(' ', start, end);
      else {
        insertBefore(start);
        write(this.#replaced.get(index) ?? written, start, end);
        index += 1;
      }
    }
    if (index === tokens.length) insertBefore(text.length);
    return edits;
  }
}
