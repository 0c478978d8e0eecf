import type { Dialect } from '../../collab/index.ts';
import type { SqlParser } from '../../engine/native.ts';
import { isList, isRecord, quoteForMessage } from '../../errors/index.ts';
import type { Finding } from '../findings/finding.ts';
import { Findings } from '../findings/finding.ts';
import { type Json, readExactJson } from './json.ts';
import { readAs } from './read-as.ts';
import { TextIndex } from './span.ts';

/** A parsed text: the engine's tree, or the findings that say why there is none. */
export interface ParsedQuery {
  readonly text: string;
  /** The SQL that the text is read as. */
  readonly dialect: Dialect;
  /** Finds the places in the text that the statement's nodes come from; if it is left out, the text was read as it is. */
  readonly index?: TextIndex;
  /** The statement; `null` unless there is exactly one. */
  readonly statement: Json | null;
  readonly findings: readonly Finding[];
}

/** The maximum length of the parser's answer, in characters: far more than a text has that can be allowed. */
const MAX_ANSWER = 16 << 20;
const TOO_DEEP = 'the SQL is nested too deeply to be read';

function failed(dialect: Dialect, index: TextIndex, found: Findings): ParsedQuery {
  return Object.freeze({ text: index.text, dialect, index, statement: null, findings: found.list() });
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

/** Turns the engine's answer into a statement or findings. */
function readAnswer(dialect: Dialect, index: TextIndex, answer: string): ParsedQuery {
  const found = new Findings();
  const tree = readExactJson(answer);
  if (!isRecord(tree)) throw new TypeError('the parser answered with something else than an object');
  if (tree['error'] !== false) {
    readFailure(tree, index, found);
    return failed(dialect, index, found);
  }
  const { statements } = tree;
  const [statement, second] = isList(statements) ? statements : [];
  if (statement === undefined) found.add('PARSE_ERROR', index.whole, 'the text contains no statement');
  if (second !== undefined) found.add('MULTI_STATEMENT', index.whole, 'there is more than one statement');
  if (found.size > 0 || statement === undefined) return failed(dialect, index, found);
  return Object.freeze({ text: index.text, dialect, index, statement, findings: [] });
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
    const read = readAs(dialect, text, found);
    const index = new TextIndex(text, dialect, read);
    if (found.size > 0) return failed(dialect, index, found);
    let answer: unknown;
    try {
      answer = await this.#parser.serialise(read.text);
    } catch {
      // For a text that is nested too deeply, the engine throws instead of answering.
      answer = null;
    }
    if (typeof answer === 'string' && answer.length <= MAX_ANSWER) return readAnswer(dialect, index, answer);
    // A window that has a name is copied to where the name is used.
    const message = typeof answer === 'string' ? 'the SQL has too many parts once it is read' : TOO_DEEP;
    found.add('TOO_LARGE', index.whole, message);
    return failed(dialect, index, found);
  }

  close(): void {
    this.#parser[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
