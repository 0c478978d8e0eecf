import { FINDINGS } from './codes.ts';
import { applyFix } from './apply-fix.ts';
import type { Finding, Fix, Span, Suggestion } from './finding.ts';

const MAX_WIDTH = 100;

/** The line in which a span starts, and the column where it starts. */
function lineOf(text: string, span: Span): { readonly number: number; readonly line: string; readonly column: number } {
  const before = text.slice(0, span.start);
  const start = before.lastIndexOf('\n') + 1;
  const end = text.indexOf('\n', span.start);
  const number = before.split('\n').length;
  return { number, line: text.slice(start, end === -1 ? text.length : end), column: span.start - start };
}

/** Replaces characters that are invisible or move the cursor, so that every character takes one column of a terminal. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]|(?! )\p{Zs}/gu, ' ');
}

/** A line, cut to the part around a column, and the marks that underline the span. */
function underline(line: string, column: number, length: number): readonly [string, string] {
  const from = line.length <= MAX_WIDTH ? 0 : Math.max(0, Math.min(column - MAX_WIDTH / 4, line.length - MAX_WIDTH));
  const shown = line.slice(from, from + MAX_WIDTH);
  const marks = Math.max(1, Math.min(length, shown.length - (column - from)));
  const lead = from > 0 ? '…' : '';
  const cut = from + MAX_WIDTH < line.length ? '…' : '';
  return [`${lead}${printable(shown)}${cut}`, `${' '.repeat(lead.length + column - from)}${'^'.repeat(marks)}`];
}

/** The lines of a text that a fix changes, as they are afterwards. */
function changedLines(text: string, fix: Fix): readonly string[] {
  const [before, after] = [text.split('\n'), applyFix(text, fix).split('\n')];
  let first = 0;
  while (first < after.length - 1 && before[first] === after[first]) first += 1;
  let same = 0;
  while (same < after.length - first - 1 && before.at(-1 - same) === after.at(-1 - same)) same += 1;
  return after.slice(first, after.length - same).map(printable);
}

function renderFix(text: string, fix: Fix): readonly string[] {
  const [line = '', ...rest] = changedLines(text, fix);
  const changes = fix.changes === null ? [] : [`         (${fix.changes})`];
  return [`  write: ${line}`, ...rest.map((each) => `         ${each}`), ...changes];
}

function renderFinding(text: string, { code, span, message, help, rule, fix }: Finding): string {
  const { number, line, column } = lineOf(text, span);
  const [shown, marks] = underline(line, column, span.end - span.start);
  const margin = String(number);
  const blank = ' '.repeat(margin.length);
  return [
    `${code}: ${message}`,
    `  ${margin} | ${shown}`,
    `  ${blank} | ${marks}`,
    `  why:  ${FINDINGS[code].why}`,
    ...(rule === null ? [] : [`  rule: \`${rule.key}\` of \`${rule.table}\``]),
    `  help: ${help}`,
    ...(fix === undefined ? [] : renderFix(text, fix)),
  ].join('\n');
}

/**
 * Findings as text for a terminal, without colours. Each shows its line of the SQL with the place underlined, why the query is
 * refused, the rule that says so, the way out, and what to write instead where that is known.
 */
export function renderFindings(text: string, findings: readonly Finding[]): string {
  return findings.map((finding) => renderFinding(text, finding)).join('\n\n');
}

/** The query that would be allowed instead, as text for a terminal, without colours. */
export function renderSuggestion({ sql, changes }: Suggestion): string {
  const lines = sql.split('\n').map((line) => `  ${printable(line)}`);
  return ['this would be allowed:', ...lines, ...changes.map((change) => `  (${change})`)].join('\n');
}
