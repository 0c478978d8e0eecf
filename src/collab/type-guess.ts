import { textTestOf } from './conversion.ts';

/** Digits that a DECIMAL of this precision has; sums of it stay exact. */
const DECIMAL_DIGITS = 18;

const MAX_SCALE = 9;

/** Whole numbers as people write amounts and counts. A zero in front is that of a code, which is text. */
const INTEGER = /^[+-]?(0|[1-9]\d{0,17})$/;
const DECIMAL = /^[+-]?(0|[1-9]\d*)\.(\d+)$/;
const EXPONENT = /[eE]/;

/** Types that a column may have by the form of its values, the narrowest first. */
const BY_FORM = ['BOOLEAN', 'DATE', 'TIMESTAMP', 'DOUBLE'] as const;

/** Finds the narrowest type of a room that every value of a column of text has. It keeps no value. */
export class TypeGuess {
  #values = 0;
  #isInteger = true;
  #isDecimal = true;
  #digits = 0;
  #scale = 0;
  #forms = BY_FORM.map((type) => ({ type, test: textTestOf(type) }));

  /** Adds a value that is not null. */
  add(text: string): void {
    this.#values += 1;
    this.#isInteger &&= INTEGER.test(text);
    if (this.#isDecimal) this.#addDecimal(text);
    this.#forms = this.#forms.filter(
      ({ type, test }) => test?.isForm(text) === true && (type !== 'DOUBLE' || !isCode(text)),
    );
  }

  #addDecimal(text: string): void {
    const [, whole = '', fraction = ''] = DECIMAL.exec(text) ?? [];
    const isWhole = whole === '' && INTEGER.test(text);
    this.#isDecimal = whole !== '' || isWhole;
    this.#digits = Math.max(this.#digits, isWhole ? text.replace(/^[+-]/, '').length : whole.length);
    this.#scale = Math.max(this.#scale, fraction.length);
  }

  /** The type, by the room's name; VARCHAR if there were no values. */
  type(): string {
    if (this.#values === 0) return 'VARCHAR';
    if (this.#isInteger) return 'BIGINT';
    const isShort = this.#scale <= MAX_SCALE && this.#digits + this.#scale <= DECIMAL_DIGITS;
    if (this.#isDecimal && isShort) return `DECIMAL(${String(DECIMAL_DIGITS)},${String(Math.max(this.#scale, 2))})`;
    return this.#forms[0]?.type ?? 'VARCHAR';
  }
}

/** Whether a text of digits is a code and no number: it begins with a zero, or is longer than numbers are. */
function isCode(text: string): boolean {
  return !DECIMAL.test(text) && !EXPONENT.test(text) && !INTEGER.test(text);
}
