import canonicalize from 'canonicalize';
import { encodeUtf8 } from '../bytes/index.ts';
import { quoteForMessage } from '../errors/index.ts';
import { sha256Hex } from '../platform/index.ts';
import { SIGNATURE_PATTERN } from '../signing/index.ts';
import { type Cursor, present } from './cursor.ts';
import { HASH_TEXT } from './hash-text.ts';
import type { Dialect } from './dialect.ts';
import type { Member } from './member.ts';
import { readParameters, type TemplateParameter } from './parameters.ts';
import { signingKeysOf } from './roles.ts';
import { type MemberSignature, type SignedThing, verifyHash } from './signature.ts';
import { isWithdrawn, newestWithdrawals, TIME_TEXT, type Withdrawal } from './withdrawal.ts';

/** A query that owners approve before it runs. Changing a single letter makes it a different template. */
export interface AnalysisTemplate {
  readonly id: string;
  readonly sql: string;
  readonly parameters: readonly TemplateParameter[];
  /** Hash of collaboration id, template id, SQL and parameters as they were written, in canonical form; 64 hexadecimal digits. */
  readonly sha256: string;
  /** Ids of the members whose verified approval of exactly this template is in the manifest, and was not withdrawn since. */
  readonly approvedBy: readonly string[];
  /** The withdrawals of approvals of exactly this template: those in the manifest, and those that its reader knew of before. */
  readonly withdrawals: readonly Withdrawal[];
  /** All approvals in the manifest, including those that do not hold; `verifyManifest` says which hold. */
  readonly approvals: readonly MemberSignature[];
}

/** The maximum length of a query's SQL, in bytes. */
const MAX_SQL_BYTES = 20_000;

const TEMPLATE_ID = {
  pattern: /^[a-z][a-z0-9_-]{0,62}$/,
  words: '1 to 63 of `a-z`, `0-9`, `_` and hyphen, a letter first',
};

const SIGNATURE = { pattern: SIGNATURE_PATTERN, words: 'a signature of 64 bytes in Base64', hidden: true };

/** Whether a signature says when it was made. */
type TimeRule = 'never' | 'may' | 'must';

function readSignature(cursor: Cursor, members: readonly Member[], hasTime: TimeRule): MemberSignature | null {
  if (!cursor.object(['member', 'sha256', ...(hasTime === 'never' ? [] : ['time']), 'signature'])) return null;
  const member = cursor.at('member').oneOf(members.map(({ id }) => id));
  const sha256 = cursor.at('sha256').text(HASH_TEXT);
  const timed = cursor.at('time');
  const time = hasTime === 'must' || timed.isGiven ? timed.text(TIME_TEXT) : undefined;
  const signature = cursor.at('signature').text(SIGNATURE);
  if (member === null || sha256 === null || signature === null || time === null) return null;
  return Object.freeze({ member, sha256, ...(time === undefined ? {} : { time }), signature });
}

/** Reads signatures without verifying them; `keyOf` says of which there is at most one. */
function readUniqueSignatures(
  cursor: Cursor,
  members: readonly Member[],
  hasTime: TimeRule,
  keyOf: (signature: MemberSignature) => string,
): readonly MemberSignature[] {
  if (!cursor.isGiven) return Object.freeze([]);
  const seen = new Set<string>();
  const signatures = cursor.items().map((item) => {
    const signature = readSignature(item, members, hasTime);
    if (signature === null) return null;
    if (seen.has(keyOf(signature))) {
      return item.at('member').refuse(`there is already a signature of ${signature.member}`);
    }
    seen.add(keyOf(signature));
    return signature;
  });
  return Object.freeze(present(signatures));
}

/** Reads the signatures of the manifest, at most one per member, without verifying them. */
export function readSignatures(cursor: Cursor, members: readonly Member[]): readonly MemberSignature[] {
  return readUniqueSignatures(cursor, members, 'never', ({ member }) => member);
}

/** Reads the withdrawals of approvals, at most one per member and template, without verifying them. */
export function readWithdrawals(cursor: Cursor, members: readonly Member[]): readonly MemberSignature[] {
  return readUniqueSignatures(cursor, members, 'must', ({ member, sha256 }) => `${member} ${sha256}`);
}

function readSql(cursor: Cursor): string | null {
  const sql = cursor.text({ pattern: /\S/, words: 'SQL', hidden: true });
  const bytes = sql === null ? 0 : encodeUtf8(sql).length;
  if (bytes <= MAX_SQL_BYTES) return sql;
  return cursor.refuse(
    `expected at most ${MAX_SQL_BYTES.toLocaleString('en')} bytes of SQL, got ${bytes.toLocaleString('en')}`,
  );
}

/** Whether a signature is valid under a key that signs for the member. */
function isValid(thing: SignedThing, signature: MemberSignature, members: readonly Member[]): boolean {
  const keys = members.filter(({ id }) => id === signature.member).flatMap(signingKeysOf);
  return keys.some((key) => verifyHash(thing, signature, key));
}

/** The withdrawals of a manifest whose signatures hold. */
export function listWithdrawals(
  withdrawals: readonly MemberSignature[],
  members: readonly Member[],
): readonly Withdrawal[] {
  return withdrawals.flatMap((signature) => {
    const { member, sha256, time } = signature;
    return time !== undefined && isValid('withdrawal', signature, members) ? [{ member, sha256, time }] : [];
  });
}

/** What is needed to read the templates of a manifest. */
export interface TemplateContext {
  readonly collaborationId: string;
  readonly dialect: Dialect;
  readonly members: readonly Member[];
  /** Verified withdrawals, of any template. */
  readonly withdrawals: readonly Withdrawal[];
}

function readTemplate(
  cursor: Cursor,
  { collaborationId, dialect, members, withdrawals: known }: TemplateContext,
): AnalysisTemplate | null {
  if (!cursor.object(['id', 'sql', 'parameters', 'approvals'])) return null;
  const id = cursor.at('id').text(TEMPLATE_ID);
  const sql = readSql(cursor.at('sql'));
  const parameters = readParameters(cursor.at('parameters'));
  //= rules R-67
  const written = cursor.without('approvals')['parameters'] ?? [];
  const approvals = readUniqueSignatures(cursor.at('approvals'), members, 'may', ({ member }) => member);
  if (id === null || sql === null) return null;
  // Approvals from before there were two kinds of SQL are of DuckDB's.
  const inSpark = dialect === 'spark' ? { dialect } : {};
  const sha256 = sha256Hex(canonicalize({ ...inSpark, collaborationId, id, sql, parameters: written }) ?? '');
  const withdrawals = newestWithdrawals(known.filter((each) => each.sha256 === sha256));
  const holding = approvals.filter(
    (approval) =>
      approval.sha256 === sha256 && isValid('template', approval, members) && !isWithdrawn(approval, withdrawals),
  );
  const approvedBy = Object.freeze(holding.map(({ member }) => member));
  return Object.freeze({ id, sql, parameters, sha256, approvedBy, withdrawals, approvals });
}

/** Reads the templates of a collaboration. */
export function readTemplates(cursor: Cursor, context: TemplateContext): readonly AnalysisTemplate[] {
  if (!cursor.isGiven) return Object.freeze([]);
  const seen = new Set<string>();
  const templates = cursor.items().map((item) => {
    const template = readTemplate(item, context);
    if (template === null) return null;
    if (seen.has(template.id)) return item.at('id').refuse(`the id ${quoteForMessage(template.id)} is used twice`);
    seen.add(template.id);
    return template;
  });
  return Object.freeze(present(templates));
}
