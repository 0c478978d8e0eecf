import * as z from 'zod';
import { HASH_TEXT, MEMBER_ID, ROLES } from '../collab/index.ts';
import { FINDING_CODES, type Finding, type Obligation, type Suggestion, type TableKey } from '../query/light.ts';

/** Most characters of a text, such as that of a query. */
const MAX_TEXT_CHARACTERS = 100_000;

/** Any text. */
export const text = z.string().max(MAX_TEXT_CHARACTERS);

/** A text that was made of what somebody sent, such as the headers of a file, as far as it fits into {@link text}. */
export function textWithin(whole: string): string {
  return whole.length <= MAX_TEXT_CHARACTERS ? whole : `${whole.slice(0, MAX_TEXT_CHARACTERS - 1)}…`;
}

/** A name in a manifest. */
export const name = z.string().min(1).max(256);

/** The id of a member. */
export const memberId = z.string().regex(MEMBER_ID.pattern);

/** The id of what a room keeps. */
export const uuid = z.uuid();

/** A SHA-256 in hexadecimal digits. */
export const sha256 = z.string().regex(HASH_TEXT.pattern);

/** A number of rows, bytes or records. */
export const count = z.int().min(0);

/** A time in UTC with milliseconds. */
export const time = z.iso.datetime({ precision: 3 });

/** A role of a person. */
export const role = z.enum(ROLES);

const span = z.strictObject({ start: count, end: count }).readonly();

const edit = z.strictObject({ span, text }).readonly();

/** A reason why a query is refused. */
export const finding = z
  .strictObject({
    code: z.enum(FINDING_CODES),
    span,
    message: text,
    help: text,
    rule: z.strictObject({ table: name, key: name }).readonly().nullable(),
    fix: z
      .strictObject({ edits: z.array(edit).readonly(), changes: text.nullable() })
      .readonly()
      .exactOptional(),
  })
  .readonly() satisfies z.ZodType<Finding>;

/** A query that would be allowed instead. */
export const suggestion = z
  .strictObject({ sql: text, changes: z.array(text).readonly() })
  .readonly() satisfies z.ZodType<Suggestion>;

/** What is added to a query before it runs. */
export const obligation = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('threshold'), table: name, column: name, minimum: count }).readonly(),
  z.strictObject({ kind: z.literal('maxGroups'), table: name, column: name, groups: count }).readonly(),
  z.strictObject({ kind: z.literal('round'), of: z.enum(['counts', 'sums']), step: z.number() }).readonly(),
  z.strictObject({ kind: z.literal('summary') }).readonly(),
  z.strictObject({ kind: z.literal('totals') }).readonly(),
  z.strictObject({ kind: z.literal('order') }).readonly(),
  z.strictObject({ kind: z.literal('rowLimit'), maxRows: count }).readonly(),
]) satisfies z.ZodType<Obligation>;

/** What a verdict assumes of the member's own tables. */
export const tableKey = z
  .strictObject({ table: name, columns: z.array(name).readonly() })
  .readonly() satisfies z.ZodType<TableKey>;
