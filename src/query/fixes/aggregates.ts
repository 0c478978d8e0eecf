import type { Edit, Fix } from '../findings/finding.ts';
import { fixOf, type Site } from './site.ts';

const COUNTS_PERSONS = 'it counts persons, and not rows';

/** A call at an index: from its name to its closing parenthesis. */
function callAt(
  site: Site,
  index: number,
): { readonly name: string; readonly start: number; readonly end: number } | null {
  const name = site.tokens[index];
  if (name === undefined || name.word === '' || site.tokens[index + 1]?.text !== '(') return null;
  const close = site.select.closing(index + 1);
  const end = close === null ? undefined : site.tokens[close]?.end;
  return end === undefined ? null : { name: name.word, start: name.start, end };
}

/** The index of the name of the call around the finding, which may point at the name or at an argument. */
function callIndex(site: Site): number | null {
  const { at, tokens } = site;
  if (at < 0) return null;
  if (tokens[at + 1]?.text === '(' && tokens[at]?.word !== '') return at;
  const depth = tokens[at]?.depth ?? 0;
  const open = tokens.findLastIndex((token, index) => index < at && token.text === '(' && token.depth === depth - 1);
  return open > 0 ? open - 1 : null;
}

/** `COUNT(DISTINCT person)` instead of COUNT of rows or of a constant. */
export function fixCount(site: Site): Fix | null {
  const index = callIndex(site);
  const call = index === null ? null : callAt(site, index);
  if (index === null || call?.name !== 'COUNT') return null;
  const argument = site.tokens[index + 2];
  const isRows = argument !== undefined && /^(?:\*|\d+|'.*'|\))$/.test(argument.text);
  const { person } = site;
  if (!isRows || person === null || site.tokens[index + 3]?.end !== (argument.text === ')' ? undefined : call.end))
    return null;
  return fixOf(COUNTS_PERSONS, { span: { start: call.start, end: call.end }, text: `COUNT(DISTINCT ${person})` });
}

/** DISTINCT in a count whose rule lists only COUNT DISTINCT. */
export function fixDistinctCount(site: Site): Fix | null {
  const index = callIndex(site);
  const open = index === null ? undefined : site.tokens[index + 1];
  if (index === null || open === undefined || callAt(site, index)?.name !== 'COUNT') return null;
  if (site.tokens[index + 2]?.word === 'DISTINCT') return null;
  return fixOf('it counts different values, and not rows', {
    span: { start: open.end, end: open.end },
    text: 'DISTINCT ',
  });
}

/** An approximate count, which the room makes exactly. */
export function fixAggregate(site: Site): Fix | null {
  const call = callAt(site, site.at);
  if (call === null) return null;
  const close = { start: call.end - 1, end: call.end };
  const argument = site.tokens[site.at + 2];
  if (argument === undefined || argument.end > close.start) return null;
  if (!['APPROX_COUNT_DISTINCT', 'APPROXIMATE_COUNT_DISTINCT', 'NDV'].includes(call.name)) return null;
  return fixOf('the count is exact', { span: { start: call.start, end: argument.start }, text: 'COUNT(DISTINCT ' });
}

/** The outputs of the SELECT that are bare columns, as they are written; `null` if there are others than these and aggregates. */
function bareOutputs(site: Site): readonly string[] | null {
  const { understood, select, tokens } = site;
  if (understood === null || understood.hasStar) return null;
  const bare: string[] = [];
  for (const { value } of understood.items) {
    if (value.kind === 'aggregate') continue;
    if (value.kind !== 'column' || value.column.protection.kind !== 'cleartext') return null;
    const index = tokens.findIndex(({ start }) => start === value.span.start);
    if (index <= select.first || index >= (select.from ?? select.end)) return null;
    bare.push(
      tokens
        .filter(({ start, end }) => start >= value.span.start && end <= value.span.end)
        .map(({ text }) => text)
        .join(''),
    );
  }
  return bare;
}

/** A count of persons beside the columns, which become groups. */
export function fixNoAggregate(site: Site): Fix | null {
  const { select, person } = site;
  const outputs = bareOutputs(site);
  const { from } = select;
  if (outputs === null || person === null || from === null || site.understood === null) return null;
  const edits: Edit[] = [];
  const at = select.behind(from);
  edits.push({ span: { start: at, end: at }, text: `, COUNT(DISTINCT ${person}) AS persons` });
  if (site.understood.groups.length === 0) edits.push(select.groupBy(outputs));
  return fixOf('it counts the persons of each group, instead of showing rows', ...edits);
}

/** A count instead of a fingerprint in the output. */
export function fixShownFingerprint(site: Site): Fix | null {
  const { select, understood, finding } = site;
  const item = understood?.items.find(
    ({ value }) => value.kind === 'column' && value.span.start === finding.span.start,
  );
  const { from } = select;
  if (understood === null || item === undefined || from === null || understood.hasStar) return null;
  const { start, end } = item.value.span;
  const edits: Edit[] = [
    { span: { start, end: start }, text: 'COUNT(DISTINCT ' },
    { span: { start: end, end }, text: ')' },
  ];
  const others = understood.items.filter((each) => each !== item);
  const isPlain = others.every(({ value }) => value.kind === 'column' || value.kind === 'aggregate');
  if (!isPlain) return null;
  const shown = others.filter(({ value }) => value.kind === 'column');
  if (shown.length > 0 && understood.groups.length === 0) {
    const written = shown.map(({ value: { span } }) =>
      site.tokens
        .filter((token) => token.start >= span.start && token.end <= span.end)
        .map(({ text }) => text)
        .join(''),
    );
    edits.push(select.groupBy(written));
  }
  return fixOf('it counts the persons, instead of showing them', ...edits);
}

/** The column as one more group. */
export function fixGroup(site: Site): Fix | null {
  const { start, end } = site.finding.span;
  const name = site.tokens.filter((token) => token.start >= start && token.end <= end).map(({ text }) => text);
  const isName = name.length > 0 && name.every((text) => text === '.' || /^[\p{L}_"`]/u.test(text));
  if (!isName) return null;
  return fixOf('the answer has a row for each value of the column', site.select.groupBy([name.join('')]));
}
