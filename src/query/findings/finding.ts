import type { FindingCode } from './codes.ts';
import { FINDINGS } from './codes.ts';

/** A part of the SQL text, in UTF-16 units: `start` inclusive, `end` exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The part of an analysis rule that a finding is based on. */
export interface RuleReference {
  readonly table: string;
  /** A key of the rule in the manifest, such as `dimensionColumns`. */
  readonly key: string;
}

/** A part of a text that is replaced by another. */
export interface Edit {
  readonly span: Span;
  readonly text: string;
}

/** A change of the text after which it has one finding less. */
export interface Fix {
  /** In the order of the text; they do not overlap. */
  readonly edits: readonly Edit[];
  /** How the answer is another one than that of the text as it was, as the end of a sentence; `null` if it is what was meant. */
  readonly changes: string | null;
}

/** A query that would be allowed, made of a refused one. */
export interface Suggestion {
  readonly sql: string;
  /** How its answer is another one than was asked for. */
  readonly changes: readonly string[];
}

/** One reason why a query is refused. It contains names from the query and the manifest, and never a value of a table. */
export interface Finding {
  readonly code: FindingCode;
  readonly span: Span;
  /** One line: lower-case first letter, no final period, names in backticks. */
  readonly message: string;
  /** The way out, as a full sentence. */
  readonly help: string;
  readonly rule: RuleReference | null;
  /** Left out where none can be written mechanically. */
  readonly fix?: Fix;
}

/** The optional parts of a finding. */
export interface FindingDetails {
  /** Replaces the help of the code. */
  readonly help?: string | undefined;
  readonly rule?: RuleReference | undefined;
}

/** Collects findings, at most one for each code and place. */
export class Findings {
  readonly #found = new Map<string, Finding>();

  get size(): number {
    return this.#found.size;
  }

  add(code: FindingCode, span: Span, message: string, details: FindingDetails = {}): void {
    const key = `${code} ${String(span.start)} ${String(span.end)}`;
    if (this.#found.has(key)) return;
    const { help = FINDINGS[code].help, rule = null } = details;
    this.#found.set(key, Object.freeze({ code, span, message, help, rule }));
  }

  /** The findings in the order of their places in the text. */
  list(): readonly Finding[] {
    const found = [...this.#found.values()];
    return Object.freeze(found.sort((a, b) => a.span.start - b.span.start || a.span.end - b.span.end));
  }
}
