/** A regular expression that means the same in Java and in RE2, in the form of RE2. */
export interface RegularExpression {
  readonly text: string;
  readonly groups: number;
  /** Whether it can match where there is nothing. */
  readonly canBeEmpty: boolean;
}

/** Why a pattern is not one of those that may run, in words. */
export class PatternProblem extends Error {}

/** What a part of a pattern is, besides its text. */
interface Part {
  readonly text: string;
  readonly canBeEmpty: boolean;
  /** Whether it ends with `$`, after which nothing can follow. */
  readonly isEnd: boolean;
  /** How many steps an automaton needs for it. */
  readonly weight: number;
}

const MAX_LENGTH = 500;
const MAX_DEPTH = 20;
const MAX_REPEAT = 100;
const MAX_WEIGHT = 2_000;

/** What ends a line in Java: `.` does not match it, and `$` also matches before one at the very end. */
const LINE_ENDS = '\\n\\r\\x{85}\\x{2028}\\x{2029}';
/** Classes by the letter of their escape, in RE2's words for what Java means. */
const SHORT_CLASSES: ReadonlyMap<string, string> = new Map([
  ['d', '0-9'],
  ['w', 'a-zA-Z0-9_'],
  ['s', '\\t\\n\\x{b}\\f\\r '],
]);
const CONTROLS: ReadonlyMap<string, string> = new Map([
  ['t', '\t'],
  ['n', '\n'],
  ['r', '\r'],
  ['f', '\f'],
]);

function swapCase(character: string): string {
  const lower = character.toLowerCase();
  return lower === character ? character.toUpperCase() : lower;
}

function printCharacter(character: string): string {
  if (/^[a-zA-Z0-9]$/.test(character)) return character;
  return `\\x{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

/** The letters of a range in the other case. */
function swappedRanges(low: string, high: string): readonly string[] {
  return [
    ['a', 'z'],
    ['A', 'Z'],
  ].flatMap(([first = '', last = '']) => {
    const [from, to] = [low > first ? low : first, high < last ? high : last];
    return from <= to && from.length === 1 && to.length === 1 ? [`${swapCase(from)}-${swapCase(to)}`] : [];
  });
}

/** Reads a pattern character by character. */
class Reader {
  readonly #characters: readonly string[];
  readonly #ignoreCase: boolean;
  /** Whether only the fact of a match matters, and not where it ends. */
  readonly #isCondition: boolean;
  #at = 0;
  groups = 0;

  constructor(text: string, isCondition: boolean) {
    this.#ignoreCase = text.startsWith('(?i)');
    this.#characters = [...(this.#ignoreCase ? text.slice(4) : text)];
    this.#isCondition = isCondition;
  }

  get #next(): string {
    return this.#characters[this.#at] ?? '';
  }

  #take(): string {
    const character = this.#next;
    this.#at += 1;
    return character;
  }

  #accept(character: string): boolean {
    if (this.#next !== character) return false;
    this.#at += 1;
    return true;
  }

  read(): Part {
    const part = this.#choice(0);
    if (this.#next !== '') throw new PatternProblem('`)` has no `(`');
    if (part.weight > MAX_WEIGHT) throw new PatternProblem('the repetitions are too large');
    return part;
  }

  #choice(depth: number): Part {
    if (depth > MAX_DEPTH) throw new PatternProblem('the groups are nested too deeply');
    const parts = [this.#sequence(depth)];
    while (this.#accept('|')) parts.push(this.#sequence(depth));
    return {
      text: parts.map(({ text }) => text).join('|'),
      canBeEmpty: parts.some(({ canBeEmpty }) => canBeEmpty),
      isEnd: parts.some(({ isEnd }) => isEnd),
      weight: parts.reduce((sum, { weight }) => sum + weight, 1),
    };
  }

  #sequence(depth: number): Part {
    const parts: Part[] = [];
    while (this.#next !== '' && this.#next !== '|' && this.#next !== ')') {
      if (parts.at(-1)?.isEnd === true) throw new PatternProblem('nothing can follow `$`');
      parts.push(this.#repeated(this.#atom(depth)));
    }
    return {
      text: parts.map(({ text }) => text).join(''),
      canBeEmpty: parts.every(({ canBeEmpty }) => canBeEmpty),
      isEnd: parts.at(-1)?.isEnd ?? false,
      weight: parts.reduce((sum, { weight }) => sum + weight, 1),
    };
  }

  /** A part with the quantifier that follows it. */
  #repeated(part: Part): Part {
    const quantifier = this.#quantifier();
    if (quantifier === null) return part;
    if (part.isEnd) throw new PatternProblem('nothing can follow `$`');
    if (part.canBeEmpty) throw new PatternProblem('what is repeated can be empty');
    const { least, most, text } = quantifier;
    const lazy = this.#accept('?') ? '?' : '';
    if ('*+?{'.includes(this.#next || ' ')) throw new PatternProblem(`\`${this.#next}\` after another quantifier`);
    return {
      text: `${part.text}${text}${lazy}`,
      canBeEmpty: least === 0,
      isEnd: false,
      weight: part.weight * Math.max(most, 1) + 1,
    };
  }

  #quantifier(): { readonly least: number; readonly most: number; readonly text: string } | null {
    if (this.#accept('*')) return { least: 0, most: 1, text: '*' };
    if (this.#accept('+')) return { least: 1, most: 1, text: '+' };
    if (this.#accept('?')) return { least: 0, most: 1, text: '?' };
    if (!this.#accept('{')) return null;
    const end = this.#characters.indexOf('}', this.#at);
    const inner = this.#characters.slice(this.#at, Math.max(end, this.#at)).join('');
    const [, low, comma, high] = /^(\d{1,3})(?:(,)(\d{1,3})?)?$/.exec(inner) ?? [];
    if (low === undefined) throw new PatternProblem('`{` does not begin a quantifier');
    this.#at = end + 1;
    const least = Number(low);
    const most = high === undefined ? least : Number(high);
    if (most < least || most > MAX_REPEAT) throw new PatternProblem(`repetitions can be at most ${String(MAX_REPEAT)}`);
    return {
      least,
      most: Math.max(most, 1),
      text: `{${String(least)}${comma ?? ''}${high === undefined ? '' : String(most)}}`,
    };
  }

  #atom(depth: number): Part {
    const one = (text: string): Part => ({ text, canBeEmpty: false, isEnd: false, weight: 1 });
    const character = this.#take();
    switch (character) {
      case '(':
        return this.#group(depth);
      case '[':
        return one(this.#class());
      case '.':
        return one(`[^${LINE_ENDS}]`);
      case '^':
        return { text: '\\A', canBeEmpty: true, isEnd: false, weight: 1 };
      case '$': {
        const text = this.#isCondition ? `(?:\\r\\n|[${LINE_ENDS}])?\\z` : '\\z';
        return { text, canBeEmpty: true, isEnd: true, weight: 1 };
      }
      case '\\':
        return one(this.#escape());
      case '*':
      case '+':
      case '?':
      case '{':
        throw new PatternProblem(`\`${character}\` repeats nothing`);
      default:
        return one(this.#literal(character));
    }
  }

  #literal(character: string): string {
    if (!this.#ignoreCase || !/^[a-zA-Z]$/.test(character)) return printCharacter(character);
    return `[${character}${swapCase(character)}]`;
  }

  #group(depth: number): Part {
    const isCapturing = !this.#accept('?');
    if (!isCapturing && !this.#accept(':')) throw new PatternProblem('`(?` begins something other than a group');
    if (isCapturing) this.groups += 1;
    const inner = this.#choice(depth + 1);
    if (!this.#accept(')')) throw new PatternProblem('`(` has no `)`');
    return { ...inner, text: `(${isCapturing ? '' : '?:'}${inner.text})` };
  }

  #escape(): string {
    const character = this.#take();
    const lower = character.toLowerCase();
    const short = SHORT_CLASSES.get(lower);
    if (short !== undefined) return `[${character === lower ? '' : '^'}${short}]`;
    return this.#literal(this.#escaped(character));
  }

  /** The character that an escaped one stands for. */
  #escaped(character: string): string {
    const control = CONTROLS.get(character);
    if (control !== undefined) return control;
    if (/^[!-/:-@[-`{-~ ]$/.test(character)) return character;
    throw new PatternProblem(
      character === '' ? 'the pattern ends with a backslash' : `\`\\${character}\` is not supported`,
    );
  }

  #class(): string {
    const isNegated = this.#accept('^');
    const items: string[] = [];
    while (items.length === 0 || !this.#accept(']')) items.push(this.#classItem(items.length === 0));
    return `[${isNegated ? '^' : ''}${items.join('')}]`;
  }

  #classItem(isFirst: boolean): string {
    const low = this.#classCharacter(isFirst);
    if (low.length > 2) return low;
    const isRange = this.#next === '-' && this.#characters[this.#at + 1] !== ']';
    if (!isRange) return this.#inBothCases(low, low);
    this.#take();
    const high = this.#classCharacter(false);
    if (high.length > 2 || (high.codePointAt(0) ?? 0) < (low.codePointAt(0) ?? 0)) {
      throw new PatternProblem('a range in `[]` has no order');
    }
    return this.#inBothCases(low, high);
  }

  #inBothCases(low: string, high: string): string {
    const print = (from: string, to: string): string =>
      from === to ? printCharacter(from) : `${printCharacter(from)}-${printCharacter(to)}`;
    return [print(low, high), ...(this.#ignoreCase ? swappedRanges(low, high) : [])].join('');
  }

  /** A character in `[]`, or a class of more than two UTF-16 units in RE2's words. */
  #classCharacter(isFirst: boolean): string {
    const character = this.#take();
    if (character === '' || (character === ']' && isFirst)) throw new PatternProblem('`[` has no end');
    if (character === '[') throw new PatternProblem('`[` in `[]` needs a backslash');
    if (character === '&' && this.#next === '&') throw new PatternProblem('`&&` in `[]` is not supported');
    if (character === '^' && !isFirst) return character;
    if (character !== '\\') return character;
    const letter = this.#take();
    return SHORT_CLASSES.get(letter) ?? this.#escaped(letter);
  }
}

/**
 * Reads a regular expression as Java does. Look-around, back-references, possessive quantifiers, flags other than `(?i)` at the
 * beginning, and what else the two engines read differently are refused.
 *
 * @param isCondition whether it only matters that there is a match
 * @throws {PatternProblem} with what is wrong
 */
export function readRegularExpression(text: string, isCondition: boolean): RegularExpression {
  if (text.length > MAX_LENGTH) throw new PatternProblem(`at most ${String(MAX_LENGTH)} characters can be written`);
  const reader = new Reader(text, isCondition);
  const part = reader.read();
  return { text: part.text, groups: reader.groups, canBeEmpty: part.canBeEmpty };
}

/**
 * The replacement of a match, with `$1` for its groups as Java writes it, in the form of RE2.
 *
 * @throws {PatternProblem} with what is wrong
 */
export function readReplacement(text: string, groups: number): string {
  let result = '';
  for (let at = 0; at < text.length; at++) {
    let character = text.charAt(at);
    if (character === '$') {
      const digits = /^\d+/.exec(text.slice(at + 1))?.[0] ?? '';
      // Java reads as many digits as there are groups for.
      let length = 1;
      while (length < digits.length && Number(digits.slice(0, length + 1)) <= groups) length += 1;
      const group = Number(digits.slice(0, length));
      if (digits === '' || group > groups || group > 9) throw new PatternProblem('`$` needs the number of a group');
      result += `\\${String(group)}`;
      at += length;
      continue;
    }
    if (character === '\\') {
      at += 1;
      character = text.charAt(at);
      if (character === '') throw new PatternProblem('the replacement ends with a backslash');
    }
    result += character === '\\' ? '\\\\' : character;
  }
  return result;
}
