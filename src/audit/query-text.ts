import { encodeUtf8 } from '../bytes/index.ts';
import { sha256Hex } from '../tlog/index.ts';
import { type AttemptEvent, MAX_TEXT_CHARACTERS } from './audit-record.ts';

/** What was asked, as received. */
export interface RecordedQuery {
  readonly sql: string;
  readonly template: string | null;
  readonly parameters: Readonly<Record<string, string | null>>;
  /** Whether the owners want the text in the log; otherwise only its hash is recorded. */
  readonly keepText: boolean;
}

/**
 * What was asked, in the form of an audit record. Any text can be recorded: half a surrogate pair becomes U+FFFD, and for a text that
 * is too long for a query only the hash is recorded.
 */
export function recordQuery({ sql, template, parameters, keepText }: RecordedQuery): AttemptEvent['question'] {
  const bytes = encodeUtf8(sql);
  const text = Buffer.from(bytes).toString('utf8');
  const isKept = keepText && text.length <= MAX_TEXT_CHARACTERS;
  return { template, parameters, sql: isKept ? text : null, sqlSha256: sha256Hex(bytes) };
}
