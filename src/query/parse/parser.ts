import type { Dialect } from '../../collab/index.ts';
import type { SqlParser } from '../../engine/native.ts';
import { isList, isRecord, quoteForMessage } from '../../errors/index.ts';
import type { Finding } from '../findings/finding.ts';
import { Findings } from '../findings/finding.ts';
import { type Json, readExactJson } from './json.ts';
import { refuseText } from './refuse-text.ts';
import { TextIndex } from './span.ts';

/** A parsed text: the engine's tree, or the findings that say why there is none. */
export interface ParsedQuery {
  readonly text: string;
  /** The SQL that the text is read as. */
  readonly dialect: Dialect;
  /** The statement; `null` unless there is exactly one. */
  readonly statement: Json | null;
  readonly findings: readonly Finding[];
}

/** The maximum length of the parser's answer, in characters: far more than a text has that can be allowed. */
const MAX_ANSWER = 16 << 20;
const TOO_DEEP = 'the SQL is nested too deeply to be read';

function failed(text: string, dialect: Dialect, found: Findings): ParsedQuery {
  return Object.freeze({ text, dialect, statement: null, findings: found.list() });
}

function readFailure(tree: Readonly<Record<string, Json>>, index: TextIndex, found: Findings): void {
  const { error_type: type, error_message: message, position } = tree;
  if (typeof message === 'string' && message.startsWith('Max expression depth limit')) {
    found.add('TOO_LARGE', index.whole, TOO_DEEP);
  } else if (type === 'parser' || type === 'syntax') {
    const span = typeof position === 'string' ? index.tokenAt(Number(position)) : index.whole;
    const token = index.text.slice(span.start, span.end);
    found.add('PARSE_ERROR', span, token === '' ? 'the SQL ends too early' : `unexpected ${quoteForMessage(token)}`);
  } else if (message === 'Only SELECT statements can be serialized to json!') {
    found.add('NOT_SELECT', index.whole, 'the statement is not a SELECT');
  } else {
    found.add('PARSE_ERROR', index.whole, 'the SQL cannot be read');
  }
}

/** Constants, quoted names and comments, in which nothing is read; or LEFT before SEMI JOIN. */
const LEFT_SEMI = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*(?:[\s\S]*?\*\/|[\s\S]*)|\bLEFT(?=\s+SEMI\s+JOIN\b)/giu;

/** The text with `LEFT SEMI JOIN`, as Spark writes it, in the form of the engine. All places stay as they are. */
function inEngineSyntax(text: string): string {
  return text.replace(LEFT_SEMI, (part) => (part.toUpperCase() === 'LEFT' ? '    ' : part));
}

/** Turns the engine's answer into a statement or findings. */
function readAnswer(text: string, dialect: Dialect, answer: string): ParsedQuery {
  const found = new Findings();
  const index = new TextIndex(text);
  const tree = readExactJson(answer);
  if (!isRecord(tree)) throw new TypeError('the parser answered with something else than an object');
  if (tree['error'] !== false) {
    readFailure(tree, index, found);
    return failed(text, dialect, found);
  }
  const { statements } = tree;
  const [statement, second] = isList(statements) ? statements : [];
  if (statement === undefined) found.add('PARSE_ERROR', index.whole, 'the text contains no statement');
  if (second !== undefined) found.add('MULTI_STATEMENT', index.whole, 'expected one statement, got several');
  if (found.size > 0 || statement === undefined) return failed(text, dialect, found);
  return Object.freeze({ text, dialect, statement, findings: [] });
}

/** Parses queries with DuckDB's parser and never runs them. One per process is enough; calls may overlap. */
export class QueryParser implements Disposable {
  readonly #parser: SqlParser;

  private constructor(parser: SqlParser) {
    this.#parser = parser;
  }

  static async open(): Promise<QueryParser> {
    const { SqlParser: Parser } = await import('../../engine/native.ts');
    return new QueryParser(await Parser.open());
  }

  /**
   * Parses a query. Whatever is wrong with the text becomes a finding and never an exception.
   *
   * @param dialect that of the manifest whose tables the query reads
   */
  async parse(text: string, dialect: Dialect = 'spark'): Promise<ParsedQuery> {
    const found = new Findings();
    refuseText(text, found);
    if (found.size > 0) return failed(text, dialect, found);
    let answer: unknown;
    try {
      answer = await this.#parser.serialise(inEngineSyntax(text));
    } catch {
      // For a text that is nested too deeply, the engine throws instead of answering.
      answer = null;
    }
    if (typeof answer === 'string' && answer.length <= MAX_ANSWER) return readAnswer(text, dialect, answer);
    // A window that has a name is copied to where the name is used.
    const message = typeof answer === 'string' ? 'the SQL has too many parts once it is read' : TOO_DEEP;
    found.add('TOO_LARGE', new TextIndex(text).whole, message);
    return failed(text, dialect, found);
  }

  close(): void {
    this.#parser[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
