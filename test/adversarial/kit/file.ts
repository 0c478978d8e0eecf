import * as z from 'zod';

const textByName = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String));

const column = z.object({ type: z.string(), kind: z.enum(['fingerprint', 'sealed', 'cleartext']) });

const context = z.object({
  queryingMember: z.string(),
  receivers: z.array(z.string()),
  policies: z.record(z.string(), z.object({ v1: z.record(z.string(), z.unknown()) })),
  settings: z.record(z.string(), z.boolean()).optional(),
  accessBudgets: z.record(z.string(), z.array(z.object({ type: z.string(), budget: z.int().min(0) }))).optional(),
  dp: z.unknown().optional(),
});

const fileCase = z.object({
  name: z.string(),
  context: z.string(),
  sql: z.string(),
  template: z.string().optional(),
  parameters: textByName.optional(),
  submitter: z.string().optional(),
  usedQueries: z.record(z.string(), z.int().min(0)).optional(),
  expected: z.enum(['allow', 'deny']),
  code: z.string().optional(),
  fixtureRows: z.int().min(0).optional(),
});

const file = z.object({
  members: z.array(z.looseObject({ id: z.string() })),
  settings: z.record(z.string(), z.boolean()),
  tables: z.record(z.string(), z.object({ owner: z.string(), columns: z.record(z.string(), column) })),
  templates: z.record(
    z.string(),
    z.object({
      id: z.string(),
      approvedBy: z.array(z.string()),
      sql: z.string(),
      parameters: z.array(z.object({ name: z.string(), type: z.string() })),
    }),
  ),
  contexts: z.record(z.string(), context),
  fixtureSql: z.array(z.string()),
  cases: z.array(fileCase),
});

/** What a member asks under, in the words of the file. */
export type FileContext = Readonly<z.infer<typeof context>>;

/** A query with its right verdict. */
export type FileCase = Readonly<z.infer<typeof fileCase>>;

/** Members, tables with their data, contexts, and queries with their right verdicts. */
export type AdversarialFile = Readonly<z.infer<typeof file>>;

/** A file that is none of this format. Its message is one line. */
export class FileError extends Error {
  override readonly name = 'FileError';
}

/**
 * Reads a file of the format of test/vectors/adversarial.json. Members that it does not know are left alone.
 *
 * @throws {FileError} if it is no such file, with the place.
 */
export function parseAdversarialFile(text: string): AdversarialFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new FileError('the file is not JSON');
  }
  const parsed = file.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const place = issue?.path.map(String).join('.') ?? '';
    throw new FileError(`${place === '' ? 'the file' : `\`${place}\``}: ${issue?.message ?? 'not what it should be'}`);
  }
  const { cases, contexts } = parsed.data;
  const lost = cases.find((each) => contexts[each.context] === undefined);
  if (lost !== undefined)
    throw new FileError(`case \`${lost.name}\` names the context \`${lost.context}\`, which is not there`);
  return parsed.data;
}
