import canonicalize from 'canonicalize';
import { encodeUtf8 } from '../bytes/index.ts';
import { quoteForMessage } from '../errors/index.ts';
import { sha256Hex } from '../platform/index.ts';
import { SIGNATURE_PATTERN } from '../signing/index.ts';
import { type Cursor, present } from './cursor.ts';
import { readColumnType } from './manifest-column.ts';
import type { Member } from './member.ts';
import { signingKeysOf } from './roles.ts';
import { type MemberSignature, verifyHash } from './signature.ts';

/** A typed place in the SQL of a template, written `$name`. */
export interface TemplateParameter {
  readonly name: string;
  /** SQL type, as `familyOf` knows it. */
  readonly type: string;
}

/** A query that owners approve before it runs. Changing a single letter makes it a different template. */
export interface AnalysisTemplate {
  readonly id: string;
  readonly sql: string;
  readonly parameters: readonly TemplateParameter[];
  /** Hash of collaboration id, template id, SQL and parameters in canonical form; 64 hexadecimal digits. */
  readonly sha256: string;
  /** Ids of the members whose verified approval of exactly this template is in the manifest. */
  readonly approvedBy: readonly string[];
  /** All approvals in the manifest, including those that do not hold; `verifyManifest` says which hold. */
  readonly approvals: readonly MemberSignature[];
}

/** The maximum length of a query's SQL, in bytes. */
const MAX_SQL_BYTES = 20_000;

const TEMPLATE_ID = {
  pattern: /^[a-z][a-z0-9_-]{0,62}$/,
  words: '1 to 63 of `a-z`, `0-9`, `_` and hyphen, a letter first',
};

const PARAMETER_NAME = {
  pattern: /^[a-z][a-z0-9_]{0,62}$/,
  words: '1 to 63 of `a-z`, `0-9` and `_`, a letter first',
};

/** The form of a SHA-256 hash in a manifest. */
export const HASH_TEXT = { pattern: /^[0-9a-f]{64}$/, words: '64 hexadecimal digits in lower case', hidden: true };

const SIGNATURE = { pattern: SIGNATURE_PATTERN, words: 'a signature of 64 bytes in Base64', hidden: true };

function readSignature(cursor: Cursor, members: readonly Member[]): MemberSignature | null {
  if (!cursor.object(['member', 'sha256', 'signature'])) return null;
  const member = cursor.at('member').oneOf(members.map(({ id }) => id));
  const sha256 = cursor.at('sha256').text(HASH_TEXT);
  const signature = cursor.at('signature').text(SIGNATURE);
  return member === null || sha256 === null || signature === null ? null : Object.freeze({ member, sha256, signature });
}

/** Reads signatures, at most one per member, without verifying them. */
export function readSignatures(cursor: Cursor, members: readonly Member[]): readonly MemberSignature[] {
  if (!cursor.isGiven) return Object.freeze([]);
  const seen = new Set<string>();
  const signatures = cursor.items().map((item) => {
    const signature = readSignature(item, members);
    if (signature === null) return null;
    if (seen.has(signature.member)) {
      return item.at('member').refuse(`there is already a signature of ${signature.member}`);
    }
    seen.add(signature.member);
    return signature;
  });
  return Object.freeze(present(signatures));
}

function readParameters(cursor: Cursor): readonly TemplateParameter[] {
  const seen = new Set<string>();
  const parameters = cursor.items().map((item) => {
    if (!item.object(['name', 'type'])) return null;
    const name = item.at('name').text(PARAMETER_NAME);
    const type = readColumnType(item.at('type'));
    if (name !== null && seen.has(name)) item.at('name').refuse(`the parameter \`${name}\` is declared twice`);
    if (name === null || type === null) return null;
    seen.add(name);
    return Object.freeze({ name, type });
  });
  return Object.freeze(present(parameters));
}

function readSql(cursor: Cursor): string | null {
  const sql = cursor.text({ pattern: /\S/, words: 'SQL', hidden: true });
  const bytes = sql === null ? 0 : encodeUtf8(sql).length;
  if (bytes <= MAX_SQL_BYTES) return sql;
  return cursor.refuse(
    `expected at most ${MAX_SQL_BYTES.toLocaleString('en')} bytes of SQL, got ${bytes.toLocaleString('en')}`,
  );
}

/** Whether a signature of this hash is valid under a key that signs for the member. */
function isApproval(signature: MemberSignature, sha256: string, members: readonly Member[]): boolean {
  const keys = members.filter(({ id }) => id === signature.member).flatMap(signingKeysOf);
  return signature.sha256 === sha256 && keys.some((key) => verifyHash('template', signature, key));
}

function readTemplate(cursor: Cursor, collaborationId: string, members: readonly Member[]): AnalysisTemplate | null {
  if (!cursor.object(['id', 'sql', 'parameters', 'approvals'])) return null;
  const id = cursor.at('id').text(TEMPLATE_ID);
  const sql = readSql(cursor.at('sql'));
  const parameters = readParameters(cursor.at('parameters'));
  const approvals = readSignatures(cursor.at('approvals'), members);
  if (id === null || sql === null) return null;
  const sha256 = sha256Hex(canonicalize({ collaborationId, id, sql, parameters }) ?? '');
  const holding = approvals.filter((approval) => isApproval(approval, sha256, members));
  const approvedBy = Object.freeze(holding.map(({ member }) => member));
  return Object.freeze({ id, sql, parameters, sha256, approvedBy, approvals });
}

/** Reads the templates of a collaboration. */
export function readTemplates(
  cursor: Cursor,
  collaborationId: string,
  members: readonly Member[],
): readonly AnalysisTemplate[] {
  if (!cursor.isGiven) return Object.freeze([]);
  const seen = new Set<string>();
  const templates = cursor.items().map((item) => {
    const template = readTemplate(item, collaborationId, members);
    if (template === null) return null;
    if (seen.has(template.id)) return item.at('id').refuse(`the id ${quoteForMessage(template.id)} is used twice`);
    seen.add(template.id);
    return template;
  });
  return Object.freeze(present(templates));
}
