import {
  type AttemptEvent,
  hashLeaf,
  HashTree,
  printRecord,
  proveInclusion,
  recordQuery,
  saltedHash,
  signCheckpoint,
  type Signer,
} from 'sealroom/audit';
import type { ResultStatement } from 'sealroom/package';
import { printInclusionProof } from '#src/tlog/proof';

/** What a room states of a result before it is in the log. */
export type ResultFacts = Omit<ResultStatement, 'proof'>;

/** A statement, and the record that its proof is for. */
export interface LoggedResult {
  readonly statement: ResultStatement;
  readonly record: string;
}

/** The event of the record that a room writes about a result, with the text or with salted hashes. */
export function eventOf(facts: ResultFacts, keepText = true): AttemptEvent {
  const { attempt, member, manifestSha256, question, irSha256, tables, rows, receivers, result, salt } = facts;
  return {
    kind: 'attempt',
    attempt,
    member,
    manifestSha256,
    question: recordQuery({ ...question, keepText, salt }),
    ...(keepText ? { ir: { kind: 'query' } } : { ir: null, saltedIrSha256: saltedHash(salt, 'ir', irSha256) }),
    tables,
    findings: [],
    obligations: [],
    budgets: [],
    receivers,
    outcome: {
      kind: 'released',
      rows,
      saltedResultSha256: saltedHash(salt, 'result', result.sha256),
      duration: 'under 1 s',
    },
  };
}

/** The statement about a result and its record, as the second of a log of two records. */
export function logResult(facts: ResultFacts, signer: Signer, event: AttemptEvent = eventOf(facts)): LoggedResult {
  const previous = 'ab'.repeat(32);
  const time = '2026-11-24T12:00:00.000Z';
  const record = Buffer.from(printRecord({ version: 2, index: 1, previous, time, event })).toString();
  const tree = new HashTree([hashLeaf(Buffer.from('another record')), hashLeaf(Buffer.from(record))]);
  const checkpoint = signCheckpoint({ size: 2, root: tree.root() }, signer);
  return { statement: { ...facts, proof: printInclusionProof(1, proveInclusion(tree, 1), checkpoint) }, record };
}
