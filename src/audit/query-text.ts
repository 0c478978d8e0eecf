import { decodeUtf8, encodeUtf8 } from '../bytes/index.ts';
import { sha256Hex } from '../platform/index.ts';
import { type AttemptEvent, MAX_TEXT_CHARACTERS } from './audit-record.ts';

/** What was asked, as it came. */
export interface RecordedQuery {
  readonly sql: string;
  readonly template: string | null;
  readonly parameters: Readonly<Record<string, string | null>>;
  /** Whether the owners want the text in the log; else its hash only. */
  readonly keepText: boolean;
}

/**
 * What was asked, as a record tells it. Any text can be recorded: half surrogate pairs become U+FFFD, and of a text that is
 * longer than a query may be only the hash is kept.
 */
export function recordQuery({ sql, template, parameters, keepText }: RecordedQuery): AttemptEvent['question'] {
  const bytes = encodeUtf8(sql);
  const text = decodeUtf8(bytes);
  const isKept = keepText && text.length <= MAX_TEXT_CHARACTERS;
  return { template, parameters, sql: isKept ? text : null, sqlSha256: sha256Hex(bytes) };
}
