import canonicalize from 'canonicalize';
import * as z from 'zod';
import { parseJson, SealroomError } from '../errors/index.ts';

const name = z.string().min(1).max(256);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().min(0);

const statement = z
  .strictObject({
    version: z.literal(2),
    /** The collaboration id, which is needed to open the sealed columns. */
    collaboration: z.uuid(),
    manifestSha256: sha256,
    /** Id of the attempt in the audit log. */
    attempt: z.uuid(),
    time: z.iso.datetime(),
    /** The querying member, and the receivers. */
    member: name,
    receivers: z.array(name).min(1).readonly(),
    /** What was asked: a text, or a template with the values of its parameters. */
    question: z
      .strictObject({
        template: name.nullable(),
        parameters: z.record(z.string(), z.string()).readonly(),
        sql: z.string(),
      })
      .readonly(),
    /** Hash of the resolved query that the SQL was printed from. */
    irSha256: sha256,
    /** The tables that were read, each with the hashes of the rule that was applied and of the rows. */
    tables: z
      .array(z.strictObject({ table: name, owner: name, ruleSha256: sha256, snapshotSha256: sha256 }).readonly())
      .readonly(),
    /** What was added to the query: thresholds, rounding, order, limits. */
    obligations: z.array(z.strictObject({ kind: name, detail: z.string() }).readonly()).readonly(),
    columns: z
      .array(
        z.strictObject({ name: z.string(), protection: z.enum(['cleartext', 'fingerprint', 'sealed']) }).readonly(),
      )
      .readonly(),
    rows: count,
    /** Whether there were more rows than may be released. */
    isCut: z.boolean(),
    /** The table: an Arrow stream of `bytes` bytes. */
    result: z.strictObject({ format: z.literal('arrow'), bytes: count, sha256 }).readonly(),
    /** The salt of the hashes in the record of the attempt: 32 random bytes in hexadecimal, which are nowhere else. */
    salt: sha256,
    /** The proof that the record of the attempt is in the audit log, with the log's checkpoint: text of c2sp.org/tlog-proof. */
    proof: z.string(),
  })
  .readonly();

/** What the room states about a result: what was asked, of which tables, under which rules, and what the result is. */
export type ResultStatement = z.infer<typeof statement>;

/** The first line of a statement's text. It differs from that of checkpoints, which the same signer signs, and which is a log's name. */
const TITLE = 'sealroom result v2';

/** How the titles of all versions begin. */
const ANY_TITLE = /^sealroom result v\d+$/;

/** Formats the text that is signed: the title, and the canonical JSON (RFC 8785) on one line. */
export function printResultStatement(value: ResultStatement): string {
  return `${TITLE}\n${canonicalize(value) ?? ''}\n`;
}

/**
 * Parses the text that {@link printResultStatement} writes.
 *
 * @throws {SealroomError} FORMAT_PACKAGE if it is something else, or of a later version.
 */
export function parseResultStatement(text: string): ResultStatement {
  const [title = '', json, ...rest] = text.split('\n');
  if (title !== TITLE && ANY_TITLE.test(title)) {
    throw new SealroomError(
      'FORMAT_PACKAGE',
      `the package is of another version: expected \`${TITLE}\`, got \`${title}\``,
      {
        hint: 'ask the query again with this version of sealroom, or open the package with the version that made it',
      },
    );
  }
  const parsed = statement.safeParse(parseJson(json ?? ''));
  if (title === TITLE && rest.length === 1 && rest[0] === '' && parsed.success) return parsed.data;
  throw new SealroomError('FORMAT_PACKAGE', 'the text is not the statement of a result');
}
