import { createHash } from 'node:crypto';
import { type AttemptEvent, type Charge, recordQuery } from '../../audit/index.ts';
import type { Room } from '../room.ts';
import type { Verdict } from '../../query/index.ts';
import type { Finding, Statement } from '../../query/index.ts';
import { describeObligation, type Obligation } from '../../query/index.ts';
import type { ResolvedRequest } from './request.ts';

/** SHA-256 of text or bytes, 64 hexadecimal digits. */
export function sha256Hex(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** The resolved query as the text that is hashed. */
export function printIr({ ir }: Statement): string {
  return JSON.stringify(ir);
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
  return { code, message: Buffer.from(message).toString(), span: place, table: rule?.table ?? null };
}

/** An obligation in the form that records and packages have. */
export function formatObligation(obligation: Obligation): AttemptEvent['obligations'][number] {
  const table = obligation.kind === 'threshold' ? obligation.table : null;
  return { kind: obligation.kind, detail: describeObligation(obligation), table };
}

/** An attempt's record without its outcome, its findings and its cost. */
export function describeAttempt(
  attempt: string,
  { text, context }: ResolvedRequest,
  room: Room,
  verdict: Verdict,
): Omit<AttemptEvent, 'outcome' | 'budgets'> {
  const { manifest, member, receivers, template = null, parameters = {} } = context;
  const keepText = manifest.log.queryText === 'owners';
  return {
    kind: 'attempt',
    attempt,
    member,
    manifestSha256: manifest.sha256,
    question: recordQuery({ sql: text, template, parameters, keepText }),
    ir: verdict.allowed ? verdict.statement.ir : null,
    tables: verdict.tables.length === 0 ? null : chargesOf(room, verdict.tables).map(({ use }) => use),
    findings: verdict.findings.map((finding) => describeFinding(finding, text)),
    obligations: verdict.obligations.map(formatObligation),
    receivers,
  };
}
