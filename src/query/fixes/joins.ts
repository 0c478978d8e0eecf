import { aliasesIn, usedAliases } from '../ast/walk.ts';
import type { Scan } from '../check/rule-context.ts';
import type { Edit, Fix, Span } from '../findings/finding.ts';
import { fixOf, type Site } from './site.ts';
import type { SqlToken } from './tokens.ts';

const JOIN_WORDS = ['INNER', 'LEFT', 'RIGHT', 'FULL', 'OUTER', 'CROSS', 'NATURAL', 'JOIN'];

/** The words of the join before a table, or the comma. */
function joinBefore(site: Site, { span }: Scan): Span | null {
  const table = site.tokens.findIndex(({ start }) => start === span.start);
  const last = site.tokens[table - 1];
  if (last === undefined || (last.word !== 'JOIN' && last.text !== ',')) return null;
  let first: SqlToken = last;
  for (let index = table - 2; last.word === 'JOIN'; index -= 1) {
    const token = site.tokens[index];
    if (token === undefined || !JOIN_WORDS.includes(token.word)) break;
    first = token;
  }
  return { start: first.start, end: last.end };
}

/** A semi-join with a table that only filters, or EXISTS if conditions of WHERE are about it. */
export function fixFanOut(site: Site): Fix | null {
  const { understood, scans } = site;
  if (understood === null) return null;
  const used = usedAliases(understood);
  const filtered: ReadonlySet<string> = understood.where === null ? new Set() : aliasesIn(understood.where);
  for (const scan of scans.slice(1)) {
    const join = joinBefore(site, scan);
    if (join === null || used.has(scan.alias) || !site.finding.message.includes(`\`${scan.alias}\``)) continue;
    const changes = `each row counts once, however many rows of \`${scan.alias}\` it matches`;
    if (!filtered.has(scan.alias)) return fixOf(changes, { span: join, text: 'LEFT SEMI JOIN' });
    const edits = moveToExists(site, scan, join);
    if (edits !== null) return fixOf(changes, ...edits);
  }
  return null;
}

/** Words that end the condition of a join. */
const AFTER_ON = [...JOIN_WORDS, 'SEMI', 'ANTI', 'WHERE', 'GROUP', 'HAVING', 'QUALIFY', 'WINDOW', 'ORDER', 'LIMIT'];

/** Indexes of the first token of each term of WHERE, and the one after the last; `null` if it is not a plain list with AND. */
function termStarts({ select, tokens }: Site, where: number): readonly number[] | null {
  const end = select.endBefore(['GROUP', 'HAVING', 'QUALIFY', 'WINDOW', 'ORDER', 'LIMIT', 'OFFSET', 'FETCH']);
  const own = tokens.slice(where, end).filter(({ depth }) => depth === select.depth);
  if (own.some(({ word }) => ['OR', 'BETWEEN', 'CASE', 'NOT'].includes(word))) return null;
  const starts = [where + 1];
  for (let index = where; index < end; index += 1) {
    if (tokens[index]?.depth === select.depth && tokens[index]?.word === 'AND') starts.push(index + 1);
  }
  return [...starts, end + 1];
}

/** The edits that move a joined table, its condition and the terms of WHERE about it into EXISTS. */
function moveToExists(site: Site, scan: Scan, join: Span): readonly Edit[] | null {
  const { select, tokens } = site;
  const on = endOfTable(site, scan);
  const where = select.find(['WHERE'], on);
  const table = tokens.findIndex(({ start }) => start === scan.span.start);
  const starts = where === null ? null : termStarts(site, where);
  if (where === null || starts === null || tokens[on]?.word !== 'ON') return null;
  const onEnd = select.find(AFTER_ON, on + 1) ?? select.end;
  const inside: string[] = [site.textOf(on + 1, onEnd)];
  const outside: string[] = [];
  for (const [index, first] of starts.slice(0, -1).entries()) {
    const end = (starts[index + 1] ?? first) - 1;
    const isAbout = tokens
      .slice(first, end)
      .some(({ word }, at) => word === scan.alias.toUpperCase() && tokens[first + at + 1]?.text === '.');
    (isAbout ? inside : outside).push(site.textOf(first, end));
  }
  const exists = `EXISTS (SELECT 1 FROM ${site.textOf(table, on)} WHERE ${inside.join(' AND ')})`;
  const whereEnd = (starts.at(-1) ?? 0) - 1;
  return [
    {
      span: { start: select.behind(tokens.findIndex(({ start }) => start === join.start)), end: select.behind(onEnd) },
      text: '',
    },
    {
      span: { start: tokens[where + 1]?.start ?? 0, end: select.behind(whereEnd) },
      text: [...outside, exists].join(' AND '),
    },
  ];
}

function joinColumnsOf({ table: { rule, columns } }: Scan): readonly string[] {
  const fingerprints = columns.filter(({ protection }) => protection === 'fingerprint').map(({ name }) => name);
  if (rule === null) return [];
  return rule.kind === 'custom' ? fingerprints : rule.joinColumns.filter((name) => fingerprints.includes(name));
}

/** The index after the alias of a table. */
function endOfTable(site: Site, scan: Scan): number {
  const table = site.tokens.findLastIndex(({ end }) => end <= scan.span.end);
  const next = site.tokens[table + 1];
  if (next?.word === 'AS') return table + 3;
  return next?.word === scan.alias.toUpperCase() ? table + 2 : table + 1;
}

/** An equality of fingerprints instead of no condition, or an INNER JOIN instead of an outer one. */
export function fixJoin(site: Site): Fix | null {
  const { scans, select, tokens } = site;
  for (const [index, scan] of scans.entries()) {
    const join = joinBefore(site, scan);
    if (join === null) continue;
    const end = endOfTable(site, scan);
    const hasCondition = tokens[end]?.word === 'ON' || tokens[end]?.word === 'USING';
    const words = tokens.filter((token) => token.start >= join.start && token.end <= join.end).map(({ word }) => word);
    if (hasCondition) {
      if (words.length < 2 || words.includes('INNER') || words.includes('NATURAL')) continue;
      return fixOf('rows without a partner are left out', { span: join, text: 'JOIN' });
    }
    const left = scans
      .slice(0, index)
      .find((other) => joinColumnsOf(other).some((name) => joinColumnsOf(scan).includes(name)));
    const column =
      left === undefined ? undefined : joinColumnsOf(left).find((name) => joinColumnsOf(scan).includes(name));
    if (left === undefined || column === undefined) continue;
    const [a, b] = [site.write(left, column), site.write(scan, column)];
    if (a === null || b === null) continue;
    const at = select.behind(end);
    const isComma = tokens.some((token) => token.start === join.start && token.text === ',');
    return fixOf(
      'only rows of the same person are joined',
      { span: join, text: isComma ? ' JOIN' : 'JOIN' },
      { span: { start: at, end: at }, text: ` ON ${a} = ${b}` },
    );
  }
  return null;
}
