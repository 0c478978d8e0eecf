import { decodeUtf8, encodeUtf8 } from '../bytes/index.ts';
import { saltedHash, sha256Hex } from '../platform/index.ts';
import { type AttemptEvent, MAX_TEXT_CHARACTERS } from './audit-record.ts';

/** What was asked, as received. */
export interface RecordedQuery {
  readonly sql: string;
  readonly template: string | null;
  readonly parameters: Readonly<Record<string, string | null>>;
  /** Whether the owners want the text and the parameters in the log; otherwise only their salted hashes are recorded. */
  readonly keepText: boolean;
  /** The salt of the attempt. */
  readonly salt: string;
}

/**
 * What was asked, in the form of an audit record. Any text can be recorded: half a surrogate pair becomes U+FFFD, and for a text that
 * is too long for a query only the hash is recorded.
 */
export function recordQuery(query: RecordedQuery): AttemptEvent['question'] {
  const { sql, template, parameters, keepText, salt } = query;
  const bytes = encodeUtf8(sql);
  const sqlSha256 = sha256Hex(bytes);
  if (!keepText) {
    const hashes = Object.entries(parameters).map(([name, value]) => [name, saltedParameter(salt, name, value)]);
    return {
      template,
      saltedParameters: Object.fromEntries(hashes) as Record<string, string>,
      saltedSqlSha256: saltedHash(salt, 'sql', sqlSha256),
    };
  }
  const text = decodeUtf8(bytes);
  return { template, parameters, sql: text.length <= MAX_TEXT_CHARACTERS ? text : null, sqlSha256 };
}

function saltedParameter(salt: string, name: string, value: string | null): string {
  return saltedHash(salt, `parameter ${name}`, sha256Hex(value ?? ''));
}
