import type { Fix } from '../findings/finding.ts';
import { fixOf, type Site } from './site.ts';

/** DISTINCT after SELECT, which a list rule wants. */
export function fixNotDistinct(site: Site): Fix | null {
  const at = site.tokens[site.select.first]?.end ?? 0;
  return fixOf('each row comes once', { span: { start: at, end: at }, text: ' DISTINCT' });
}

/** No DISTINCT, where rows are groups anyway. */
export function fixDistinct(site: Site): Fix | null {
  const distinct = site.tokens[site.select.first + 1];
  const next = site.tokens[site.select.first + 2];
  if (distinct?.word !== 'DISTINCT' || next === undefined || next.word === 'ON') return null;
  return fixOf('groups with equal numbers are shown apart', {
    span: { start: distinct.start, end: next.start },
    text: '',
  });
}

/** The columns that a list rule shows, or a count of persons, instead of a star. */
export function fixStar(site: Site): Fix | null {
  const { select, person } = site;
  const [first, second] = [site.tokens[select.first + 1], site.tokens[select.first + 2]];
  const star = first?.word === 'DISTINCT' ? second : first;
  const isOnly = site.tokens[star === first ? select.first + 2 : select.first + 3]?.word === 'FROM';
  if (star?.text !== '*' || !isOnly) return null;
  const span = { start: star.start, end: star.end };
  const listed = site.scans.flatMap((scan) => {
    const { rule } = scan.table;
    const columns = rule?.kind === 'list' ? rule.listColumns : [];
    return columns.map((column) => site.write(scan, column));
  });
  const names = listed.filter((name) => name !== null);
  if (names.length > 0 && names.length === listed.length) {
    return fixOf('it has the columns that the rules show', { span, text: names.join(', ') });
  }
  if (person === null || listed.length > 0) return null;
  return fixOf('it counts the persons, instead of showing rows', { span, text: `COUNT(DISTINCT ${person})` });
}

const pad = (part: string): string => part.padStart(2, '0');

/** Year, month and day of a date in a few other notations, if only one reading makes sense. */
function readDate(text: string): string | null {
  const [, year, month, day] = /^(\d{4})[-/.]?(\d{1,2})[-/.]?(\d{1,2})$/.exec(text) ?? [];
  if (year !== undefined && month !== undefined && day !== undefined) return `${year}-${pad(month)}-${pad(day)}`;
  const [, first, second, last] = /^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})$/.exec(text) ?? [];
  if (first === undefined || second === undefined || last === undefined) return null;
  if (text.includes('.') || Number(first) > 12) return `${last}-${pad(second)}-${pad(first)}`;
  return Number(second) > 12 || first === second ? `${last}-${pad(first)}-${pad(second)}` : null;
}

/** A date in the notation of SQL. */
export function fixDate(site: Site): Fix | null {
  const token = site.tokens[site.at];
  const content = token === undefined ? undefined : /^'([^']*)'$/.exec(token.text)?.[1];
  const date = content === undefined ? null : readDate(content.trim());
  if (token === undefined || date === null) return null;
  return fixOf(null, { span: { start: token.start, end: token.end }, text: `'${date}'` });
}
