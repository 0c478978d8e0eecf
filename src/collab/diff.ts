import { type Grant, type Limit, listGrants, listLimits, tableSubject } from './grants.ts';
import { describeDialect, type Manifest } from './manifest.ts';
import type { Member } from './member.ts';
import { describeNormalisation, describePin } from './normalisation.ts';
import { describeParameter } from './parameters.ts';
import type { ManifestTable } from './table.ts';
import type { AnalysisTemplate } from './template.ts';

/** The meaning of a difference: more is allowed, less is allowed, or something else has changed. */
export type ChangeEffect = 'allows' | 'forbids' | 'changes';

/** One difference between two manifests, in words. */
export interface ManifestChange {
  readonly effect: ChangeEffect;
  /** `the collaboration`, `member brand`, `table impressions`, `template tmpl-reach`. */
  readonly subject: string;
  readonly text: string;
}

interface Named {
  readonly subject: string;
  readonly text: string;
}

function keyOf({ subject, text }: Named): string {
  return `${subject}: ${text}`;
}

/** The items that are not in `others`. */
function missingFrom<T extends Named>(items: readonly T[], others: readonly Named[]): readonly T[] {
  const known = new Set(others.map(keyOf));
  return items.filter((item) => !known.has(keyOf(item)));
}

function describeLimit(limit: Limit, was: Limit | undefined): ManifestChange | null {
  const { subject, text, value, moreIsLooser } = limit;
  if (was === undefined) return { effect: 'forbids', subject, text: `${text}: ${String(value)}, was without limit` };
  if (was.value === value) return null;
  const effect = value > was.value === moreIsLooser ? 'allows' : 'forbids';
  return { effect, subject, text: `${text}: ${String(value)}, was ${String(was.value)}` };
}

function diffLimits(before: Manifest, after: Manifest): readonly ManifestChange[] {
  const [old, young] = [listLimits(before), listLimits(after)];
  const byKey = new Map(old.map((limit) => [keyOf(limit), limit]));
  const kept = young.map((limit) => describeLimit(limit, byKey.get(keyOf(limit)))).filter((change) => change !== null);
  const gone = missingFrom(old, young).map(({ subject, text, value }): ManifestChange => {
    return { effect: 'allows', subject, text: `${text}: without limit, was ${String(value)}` };
  });
  return [...kept, ...gone];
}

/** Tables without signatures are the rule, so only a difference is worth a line. */
function listAllGrants(manifest: Manifest): readonly Grant[] {
  const unsigned = { subject: 'the collaboration', text: 'tables without a signature over their rows' };
  return [...listGrants(manifest), ...(manifest.signedTables === 'optional' ? [unsigned] : [])];
}

function diffGrants(before: Manifest, after: Manifest): readonly ManifestChange[] {
  const [old, young] = [listAllGrants(before), listAllGrants(after)];
  const added = missingFrom(young, old).map((grant): ManifestChange => ({ effect: 'allows', ...grant }));
  const removed = missingFrom(old, young).map((grant): ManifestChange => ({ effect: 'forbids', ...grant }));
  return [...added, ...removed];
}

/** A named part of a manifest, and its properties in words. */
interface Described {
  readonly subject: string;
  readonly properties: Readonly<Record<string, string>>;
}

function describeMember({ id, displayName, payer, publicKeys, people }: Member): Described {
  const properties = {
    'display name': displayName,
    'signing key': publicKeys.sign ?? 'none',
    'key for results': publicKeys.receive ?? 'none',
    pays: payer ? 'yes' : 'no',
    ...Object.fromEntries(
      people.map(({ id: person, roles, sign }) => [`person ${person}`, `${roles.join(', ')}, key ${sign}`]),
    ),
  };
  return { subject: `member ${id}`, properties };
}

function describeTable(table: ManifestTable): Described {
  const columns = table.columns.map((column) => {
    const { name, protection, type, clearType } = column;
    const from = clearType === null ? '' : ` from ${clearType}`;
    const words = [`${protection} ${type}${from}`, describeNormalisation(column)].filter((text) => text !== '');
    return [`column \`${name}\``, words.join(', ')] as const;
  });
  const { owner, rule, source } = table;
  const properties = {
    owner,
    'analysis rule': rule?.kind ?? 'none',
    source: source === null ? 'not said' : `${source.kind}, ${String(source.rows)} rows, ${source.sha256}`,
    ...Object.fromEntries(columns),
  };
  return { subject: tableSubject(table), properties };
}

function describeTemplate({ id, sha256, approvedBy, parameters }: AnalysisTemplate): Described {
  const properties = {
    query: `SHA-256 ${sha256}`,
    'approved by': approvedBy.join(', ') || 'nobody',
    ...Object.fromEntries(parameters.map((each) => [`parameter \`${each.name}\``, describeParameter(each)])),
  };
  return { subject: `template ${id}`, properties };
}

function describeWhole({ id, name, log, secretIds, dialect, normalisation }: Manifest): Described {
  const secrets = Object.entries(secretIds ?? {}).map(([generation, secret]) => {
    return [`secret of generation ${generation}`, secret] as const;
  });
  const properties = {
    id,
    name,
    'SQL of queries': describeDialect(dialect),
    'query text in the log': log.queryText,
    ...(normalisation === null ? {} : { normalisation: describePin(normalisation) }),
    ...Object.fromEntries(secrets),
  };
  return { subject: 'the collaboration', properties };
}

function describeAll(manifest: Manifest): ReadonlyMap<string, Described> {
  const { members, tables, templates } = manifest;
  const whole = describeWhole(manifest);
  const all = [whole, ...members.map(describeMember), ...tables.map(describeTable), ...templates.map(describeTemplate)];
  return new Map(all.map((described) => [described.subject, described]));
}

function diffProperties({ subject, properties }: Described, was: Described): readonly ManifestChange[] {
  const names = [...new Set([...Object.keys(properties), ...Object.keys(was.properties)])];
  return names.flatMap((name): readonly ManifestChange[] => {
    const [now, then] = [properties[name] ?? 'none', was.properties[name] ?? 'none'];
    return now === then ? [] : [{ effect: 'changes', subject, text: `${name}: ${now}, was ${then}` }];
  });
}

function diffThings(before: Manifest, after: Manifest): readonly ManifestChange[] {
  const [old, young] = [describeAll(before), describeAll(after)];
  const kept = [...young.values()].flatMap((thing) => {
    const was = old.get(thing.subject);
    if (was !== undefined) return diffProperties(thing, was);
    return [{ effect: 'changes', subject: thing.subject, text: 'is new' } as const];
  });
  const gone = [...old.values()].filter(({ subject }) => !young.has(subject));
  return [...kept, ...gone.map(({ subject }) => ({ effect: 'changes', subject, text: 'is gone' }) as const)];
}

/**
 * What `after` allows or forbids that `before` did not, in words, and what else is different. Empty if they mean the same. A new
 * limit counts as forbidding, a removed one as allowing.
 */
export function diffManifests(before: Manifest, after: Manifest): readonly ManifestChange[] {
  return Object.freeze([...diffGrants(before, after), ...diffLimits(before, after), ...diffThings(before, after)]);
}
