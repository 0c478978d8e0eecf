import { findNearest } from '../../errors/index.ts';
import { SCALARS } from '../ast/functions.ts';
import type { Fix } from '../findings/finding.ts';
import { fixOf, type Site } from './site.ts';

/** Functions of other dialects, and what does the same. Where a rule does not list that, the fix is not offered. */
const EQUIVALENTS: Readonly<Record<string, string>> = {
  GETDATE: 'CURRENT_DATE',
  ISNULL: 'COALESCE',
  STRLEN: 'LENGTH',
};

/** The last name of a dotted one, which is replaced. */
function lastPart(site: Site): { readonly name: string; readonly span: { start: number; end: number } } | null {
  const { start, end } = site.finding.span;
  const part = site.tokens.findLast((token) => token.start >= start && token.end <= end && token.word !== '');
  return part === undefined ? null : { name: part.text, span: { start: part.start, end: part.end } };
}

function renameTo(site: Site, known: Iterable<string>): Fix | null {
  const part = lastPart(site);
  const nearest = part === null ? undefined : findNearest(part.name, known);
  if (part === null || nearest === undefined || nearest === part.name.toLowerCase()) return null;
  return /^[a-z_][a-z0-9_]*$/.test(nearest) ? fixOf(null, { span: part.span, text: nearest }) : null;
}

/** A table of the manifest with almost the same name. */
export function fixTable(site: Site): Fix | null {
  return renameTo(
    site,
    site.manifest.tables.map(({ name }) => name),
  );
}

/** A column of the tables in FROM, or an alias, with almost the same name. */
export function fixColumn(site: Site): Fix | null {
  const { start, end } = site.finding.span;
  const parts = site.tokens.filter((token) => token.start >= start && token.end <= end && token.word !== '');
  const [first, second] = parts;
  if (first === undefined || parts.length > 2) return null;
  const isAlias = (alias: string): boolean => alias.toLowerCase() === first.text.toLowerCase();
  const named = second === undefined ? site.scans : site.scans.filter(({ alias }) => isAlias(alias));
  if (named.length > 0) {
    return renameTo(
      site,
      named.flatMap(({ columns }) => columns.map(({ name }) => name)),
    );
  }
  const nearest = findNearest(
    first.text,
    site.scans.map(({ alias }) => alias),
  );
  return nearest === undefined ? null : fixOf(null, { span: { start: first.start, end: first.end }, text: nearest });
}

/** A function with almost the same name, or one that does the same. */
export function fixFunction(site: Site): Fix | null {
  const token = site.tokens[site.at];
  if (token === undefined || token.word === '') return null;
  const span = { start: token.start, end: token.end };
  const equivalent = EQUIVALENTS[token.word];
  if (equivalent === 'CURRENT_DATE') {
    const isCall = site.tokens[site.at + 1]?.text === '(' && site.tokens[site.at + 2]?.text === ')';
    const end = isCall ? (site.tokens[site.at + 2]?.end ?? token.end) : token.end;
    return fixOf('it is the day without the time', { span: { start: token.start, end }, text: equivalent });
  }
  if (equivalent !== undefined && Object.hasOwn(EQUIVALENTS, token.word))
    return fixOf(null, { span, text: equivalent });
  const written = token.text.toLowerCase();
  const nearest = findNearest(written, Object.keys(SCALARS));
  if (nearest === undefined || nearest === written) return null;
  // CONCAT_WS is no correction of CONCAT, nor ROUND of BROUND.
  const isOther = nearest.includes(written) || written.includes(nearest);
  return isOther ? null : fixOf(null, { span, text: nearest.toUpperCase() });
}

/** The column instead of the output of the same name. */
export function fixShadow(site: Site): Fix | null {
  const token = site.tokens[site.at];
  if (token === undefined || token.word === '') return null;
  const owners = site.scans.filter(({ columns }) => columns.some(({ name }) => name === token.text.toLowerCase()));
  const [owner, other] = owners;
  if (owner === undefined || other !== undefined || !/^\w+$/.test(owner.alias)) return null;
  const span = { start: token.start, end: token.start };
  return fixOf('it is the column, and not the output of this name', { span, text: `${owner.alias}.` });
}
