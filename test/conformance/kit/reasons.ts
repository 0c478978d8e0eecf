import { SealroomError } from 'sealroom';
import { Mismatch, show } from './case.ts';

/** What C3R's message says is wrong, and the codes that say the same; the first that fits counts. */
const REASONS: readonly (readonly [fragment: RegExp, codes: RegExp])[] = [
  [/Ciphertext version mismatch/, /^FORMAT_(CELL|TAG)$/],
  [/Ciphertext (missing|could not be decoded)|ShortBufferException/, /^FORMAT_CELL$/],
  [/Failed to decrypt/, /^FORMAT_TAG$/],
  [/too long for Glue|No room for padding|Padding length invalid/, /^DATA_LENGTH$/],
  [/not supported in Fingerprint Columns/, /^DATA_TYPE$/],
  [/column label must be provided/, /^SCHEMA_HEADER$/],
  [/Shared secret key was null/, /^SECRET_MISSING$/],
  [/Shared secret key/, /^SECRET_INVALID$/],
  [/A salt must be provided/, /^USAGE_OPTION$/],
  [/Column header name/, /^(SCHEMA_HEADER|DATA_HEADER|DATA_COLUMN)$/],
  [/pad (length|type)|PadType/, /^SCHEMA_INVALID$/],
  [/schema file was empty/, /^SCHEMA_SYNTAX$/],
  [/Unable to parse JSON/, /^SCHEMA_/],
  [/Cleartext columns found/, /^RULE_CLEARTEXT$/],
  [/Duplicate entries found|more than one NULL/, /^RULE_DUPLICATES$/],
  [/forbidden with current settings/, /^RULE_FINGERPRINT$/],
  [/could not be matched|Positional table schemas must match/, /^DATA_COLUMN$/],
  [/Column count mismatch/, /^DATA_FIELDS$/],
  [/Unable to read headers/, /^DATA_HEADER$/],
  [/UTF-8/, /^DATA_ENCODING$/],
];

/** The codes of an operation whose message is not among the {@link REASONS}. */
const CODES_OF_OPERATIONS: Readonly<Record<string, RegExp>> = {
  decrypt_cell: /^FORMAT_/,
  seal: /^DATA_/,
  secret: /^SECRET_/,
  salt: /^USAGE_/,
  header: /^SCHEMA_/,
  pad: /^SCHEMA_/,
  column_label: /^SCHEMA_/,
  fingerprint_type: /^DATA_/,
  schema: /^SCHEMA_/,
  encrypt_csv: /^(DATA|RULE|SCHEMA)_/,
  decrypt_csv: /^(DATA|FORMAT|RULE)_/,
};

/** The error codes that mean what a message of C3R says. */
export function codesOf(operation: string, message: string): RegExp {
  return REASONS.find(([fragment]) => fragment.test(message))?.[1] ?? CODES_OF_OPERATIONS[operation] ?? /./;
}

/**
 * Expects that something is refused, for the right reason.
 *
 * @param codes what the error's code must match
 * @throws {Mismatch} if it succeeds, is refused for another reason, or breaks in any other way.
 */
export async function expectRefusal(codes: RegExp, attempt: () => unknown): Promise<void> {
  let result: unknown;
  try {
    result = await attempt();
  } catch (error) {
    if (error instanceof SealroomError && codes.test(error.code)) return;
    throw new Mismatch(`refusal with a code like ${codes.source}`, describeError(error));
  }
  throw new Mismatch('refusal', typeof result === 'string' || result === null ? show(result) : 'success');
}

/** An error in one line. Messages of the product hold no value and no key; of others only the kind is shown. */
export function describeError(error: unknown): string {
  if (error instanceof SealroomError) return `${error.code} (${error.message})`;
  return error instanceof Error ? error.constructor.name : 'an unknown error';
}
