import canonicalize from 'canonicalize';
import * as z from 'zod';
import { decodeUtf8Lenient, encodeUtf8 } from '../bytes/index.ts';
import { parseJson, SealroomError } from '../errors/index.ts';
import { saltedHash, sha256Hex } from '../platform/index.ts';
import { checkInclusionProof, type OpenedCheckpoint, type Verifier } from '../tlog/index.ts';
import { badPackage } from './container.ts';
import type { ResultStatement } from './statement.ts';

const hash = z.string();
const texts = z.record(z.string(), z.string());

/** What a package compares of a record (audit A-5); the log's own reader checks the rest. */
const record = z.object({
  index: z.number(),
  event: z.object({
    kind: z.literal('attempt'),
    attempt: z.string(),
    member: z.string(),
    manifestSha256: hash,
    receivers: z.array(z.string()),
    question: z.union([
      z.object({ template: z.string().nullable(), parameters: texts, sqlSha256: hash }),
      z.object({ template: z.string().nullable(), saltedParameters: texts, saltedSqlSha256: hash }),
    ]),
    saltedIrSha256: hash.optional(),
    tables: z.array(z.unknown()),
    outcome: z.object({ kind: z.literal('released'), rows: z.number(), saltedResultSha256: hash }),
  }),
});

type AttemptRecord = z.infer<typeof record>['event'];

/**
 * Checks that the audit log has a record of the attempt that a statement is about, and that it says the same: who asked what, of which
 * tables, for whom, and what the result is.
 *
 * @param line the bytes of the record's line
 * @returns the checkpoint of the log
 * @throws {SealroomError} FORMAT_PACKAGE if the record is of something else; AUDIT_PROOF if it is not in the log; AUDIT_NOTE if no
 *   trusted key signed the log.
 */
export function checkAttemptRecord(
  statement: ResultStatement,
  line: Uint8Array,
  verifiers: readonly Verifier[],
): OpenedCheckpoint {
  //= audit A-52
  const { index, checkpoint } = checkInclusionProof(statement.proof, line, verifiers);
  const parsed = record.safeParse(parseJson(decodeUtf8Lenient(line)));
  if (!parsed.success || parsed.data.index !== index) throw badPackage('its record is not that of a released result');
  const { event } = parsed.data;
  const differing = Object.entries(expectedOf(statement, event)).find(
    ([name, value]) => canonicalize(value) !== canonicalize(event[name as keyof AttemptRecord]),
  );
  if (differing === undefined) return checkpoint;
  throw new SealroomError('FORMAT_PACKAGE', `the package and the audit log differ in \`${differing[0]}\``, {
    hint: 'keep the package, and ask the operator of the room: both are signed',
  });
}

/** What the record must say, in the form that it has: hashes are salted if the owners want only hashes. */
function expectedOf(statement: ResultStatement, event: AttemptRecord): Partial<AttemptRecord> {
  const { attempt, member, manifestSha256, receivers, question, irSha256, tables, rows, result, salt } = statement;
  const { template, parameters } = question;
  const sqlSha256 = sha256Hex(encodeUtf8(question.sql));
  const isHidden = 'saltedSqlSha256' in event.question;
  const salted = (what: string, sha256: string): string => saltedHash(salt, what, sha256);
  const hidden = Object.entries(parameters).map(([name, value]) => [
    name,
    salted(`parameter ${name}`, sha256Hex(value)),
  ]);
  return {
    attempt,
    member,
    manifestSha256,
    receivers: [...receivers],
    question: isHidden
      ? {
          template,
          saltedParameters: Object.fromEntries(hidden) as Record<string, string>,
          saltedSqlSha256: salted('sql', sqlSha256),
        }
      : { template, parameters, sqlSha256 },
    ...(isHidden ? { saltedIrSha256: salted('ir', irSha256) } : {}),
    tables: [...tables],
    outcome: { kind: 'released', rows, saltedResultSha256: salted('result', result.sha256) },
  };
}
