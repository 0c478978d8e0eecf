import * as z from 'zod';
import { budgetChange } from '../audit/light.ts';
import { PARAMETER_NAME } from '../collab/index.ts';
import { COLUMN_KINDS } from '../schema/index.ts';
import type { Statement } from '../query/light.ts';
import { count, finding, memberId, name, obligation, suggestion, tableKey, text } from './parts.ts';

const MAX_VALUE_CHARACTERS = 20_000;

const parameters = z.record(z.string().regex(PARAMETER_NAME.pattern), z.string().max(MAX_VALUE_CHARACTERS)).readonly();

const receivers = z.array(memberId).min(1).max(100).readonly().optional();

const maxRows = z.int().min(1).optional();

/** A question to a room: the text of a query, or a template with values. */
export const askBody = z.union([
  z
    .strictObject({
      sql: text,
      /** The members that the result is for; without any, it is for the one that asks. */
      receivers,
      /** Fewer rows than the room would release. */
      maxRows,
    })
    .readonly(),
  z.strictObject({ template: name, parameters: parameters.optional(), receivers, maxRows }).readonly(),
]);

/** A question to a room. */
export type Ask = z.infer<typeof askBody>;

const statement = z
  .strictObject({
    sql: z.string(),
    parameters: z.array(z.string()).readonly(),
    isSalted: z.boolean(),
    columns: z.array(z.strictObject({ name, protection: z.enum(COLUMN_KINDS) }).readonly()).readonly(),
    limit: count.nullable(),
    /** The resolved query as JSON, whose hash is in the records. */
    ir: z.string(),
  })
  .readonly() satisfies z.ZodType<Omit<Statement, 'ir'>>;

const checked = {
  /** The text that was checked: that of the question or of the template. */
  sql: text,
  /** The values of the template's parameters, with its defaults. */
  parameters,
};

/** What would happen to a question, in the form of `sealroom check --json`. */
export const checkBody = z.discriminatedUnion('allowed', [
  z
    .strictObject({
      ...checked,
      allowed: z.literal(true),
      findings: z.tuple([]).readonly(),
      obligations: z.array(obligation).readonly(),
      assumed: z.array(tableKey).readonly(),
      tables: z.array(name).readonly(),
      statement,
      /** How it would change the budgets of its tables. */
      budgets: z.array(budgetChange).readonly(),
    })
    .readonly(),
  z
    .strictObject({
      ...checked,
      allowed: z.literal(false),
      findings: z.array(finding).min(1).readonly(),
      obligations: z.tuple([]).readonly(),
      tables: z.array(name).readonly(),
      suggestion: suggestion.exactOptional(),
      budgets: z.tuple([]).readonly(),
    })
    .readonly(),
]);

/** What would happen to a question. */
export type CheckAnswer = z.infer<typeof checkBody>;
