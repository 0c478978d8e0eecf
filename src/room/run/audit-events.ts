import {
  type AttemptEvent,
  type BudgetChange,
  type Charge,
  MAX_FINDINGS,
  MAX_RECORD_BYTES,
  recordQuery,
} from '../../audit/index.ts';
import { saltedHash, sha256Hex } from '../../platform/index.ts';
import type { Room } from '../room.ts';
import type { Verdict } from '../../query/index.ts';
import type { Finding, Statement } from '../../query/index.ts';
import { describeObligation, type Obligation } from '../../query/index.ts';
import type { Attempt } from './attempt.ts';

/** The maximum length of a finding's message in a record, in UTF-16 units. It may quote names from the query, which can be long. */
const MAX_MESSAGE_CHARACTERS = 1000;

/** What a record has instead of a message, if the owners want hashes only: a message may quote constants of the query. */
const HIDDEN_MESSAGE = 'not recorded, because it may quote the query';

/** Bytes of a record that {@link describeAttempt} does not know yet: its outcome, budgets and links. */
const OTHER_BYTES = 2 * 1024 * 1024;

/** The resolved query as the text that is hashed. */
export function printIr({ ir }: Statement): string {
  return JSON.stringify(ir);
}

/** The hash of the resolved query in a `start`. */
export function hashOfIr(
  { room, salt }: Attempt,
  statement: Statement,
): { readonly irSha256: string } | { readonly saltedIrSha256: string } {
  const irSha256 = sha256Hex(printIr(statement));
  return hidesQueries(room) ? { saltedIrSha256: saltedHash(salt, 'ir', irSha256) } : { irSha256 };
}

/** Whether no constant and no parameter of a query may be in the log. */
function hidesQueries({ manifest }: Room): boolean {
  return manifest.log.queryText === 'hash';
}

/** The tables of a query with their budgets, in the order of the manifest. */
export function chargesOf({ manifest, tables }: Room, names: readonly string[]): readonly Charge[] {
  return manifest.tables
    .filter(({ name }) => names.includes(name))
    .map(({ name, owner, sha256, accessBudgets }) => {
      const snapshot = tables.find((table) => table.name === name)?.snapshot ?? null;
      const use = { table: name, owner, ruleSha256: sha256, snapshotSha256: snapshot?.sha256 ?? null };
      return { use, limits: accessBudgets };
    });
}

/** A finding in the form of an audit record, which gives its place in bytes of UTF-8. */
function describeFinding({ code, message, span, rule }: Finding, text: string): AttemptEvent['findings'][number] {
  const byteOf = (index: number): number => Buffer.byteLength(text.slice(0, index));
  const isWhole = span.start === 0 && span.end === text.length;
  const place = isWhole ? null : { start: byteOf(span.start), end: byteOf(span.end) };
  const isLong = message.length > MAX_MESSAGE_CHARACTERS;
  // Cutting may leave half a surrogate pair, which becomes U+FFFD.
  const shown = isLong ? `${message.slice(0, MAX_MESSAGE_CHARACTERS - 1)}…` : message;
  return { code, message: Buffer.from(shown).toString(), span: place, table: rule?.table ?? null };
}

/** An obligation in the form that records and packages have. */
export function formatObligation(obligation: Obligation): AttemptEvent['obligations'][number] {
  const table = obligation.kind === 'threshold' ? obligation.table : null;
  return { kind: obligation.kind, detail: describeObligation(obligation), table };
}

/** An attempt's record without its outcome and its cost. */
export type AttemptFacts = Omit<AttemptEvent, 'outcome' | 'budgets'>;

/**
 * An attempt's record without its outcome and its cost. A query that is too large for a record is recorded by its salted hashes, as in a
 * room whose owners want nothing else.
 */
export function describeAttempt(attempt: Attempt, verdict: Verdict): AttemptFacts {
  //= audit A-13
  if (hidesQueries(attempt.room)) return describeHidden(attempt, verdict);
  const { salt, request } = attempt;
  const { text, context } = request;
  const { template = null, parameters = {} } = context;
  const facts = {
    ...describeBoth(attempt, verdict),
    question: recordQuery({ sql: text, template, parameters, keepText: true, salt }),
    ir: verdict.allowed ? verdict.statement.ir : null,
    findings: verdict.findings.slice(0, MAX_FINDINGS).map((finding) => describeFinding(finding, text)),
  };
  const bytes = Buffer.byteLength(JSON.stringify(facts));
  return bytes > MAX_RECORD_BYTES - OTHER_BYTES ? describeHidden(attempt, verdict) : facts;
}

/** An attempt's record without anything that its text or parameters say. */
function describeHidden(attempt: Attempt, verdict: Verdict): AttemptFacts {
  const { salt, request } = attempt;
  const { manifest, template: id, parameters = {} } = request.context;
  // An id or a name that the manifest does not have is text of the query as well.
  const template = manifest.templates.find((known) => known.id === id);
  const isDeclared = ([name]: readonly [string, string]): boolean =>
    template?.parameters.some((parameter) => parameter.name === name) === true;
  const declared = Object.fromEntries(Object.entries(parameters).filter(isDeclared));
  const hash = verdict.allowed ? sha256Hex(printIr(verdict.statement)) : null;
  return {
    ...describeBoth(attempt, verdict),
    //= audit A-9
    question: recordQuery({
      sql: request.text,
      template: template?.id ?? null,
      parameters: declared,
      keepText: false,
      salt,
    }),
    ir: null,
    ...(hash === null ? {} : { saltedIrSha256: saltedHash(salt, 'ir', hash) }),
    findings: verdict.findings.slice(0, MAX_FINDINGS).map(({ code, rule }) => {
      return { code, message: HIDDEN_MESSAGE, span: null, table: rule?.table ?? null };
    }),
  };
}

/** What a record says in either form. */
function describeBoth(
  { id, request, room }: Attempt,
  verdict: Verdict,
): Omit<AttemptFacts, 'question' | 'ir' | 'findings'> {
  const { manifest, member, receivers } = request.context;
  const omittedFindings = verdict.findings.length - MAX_FINDINGS;
  return {
    kind: 'attempt',
    attempt: id,
    member,
    manifestSha256: manifest.sha256,
    tables: verdict.tables.length === 0 ? null : chargesOf(room, verdict.tables).map(({ use }) => use),
    ...(omittedFindings > 0 ? { omittedFindings } : {}),
    obligations: verdict.obligations.map(formatObligation),
    receivers,
  };
}

/**
 * The changes of budgets from before a query started until after its release: the start has spent one row, the release the others.
 *
 * @param started those of the record of the start
 * @param released those of the record of the release
 */
export function totalChanges(
  started: readonly BudgetChange[],
  released: readonly BudgetChange[],
): readonly BudgetChange[] {
  return started.map((change) => {
    const { table, type, unit, period } = change;
    const rest = released.find(
      (each) => each.table === table && each.type === type && each.unit === unit && each.period === period,
    );
    return unit === undefined || rest === undefined ? change : { ...rest, before: rest.before + 1 };
  });
}
