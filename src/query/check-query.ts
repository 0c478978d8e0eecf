import type { ManifestTable } from '../collab/index.ts';
import type { Query } from './ast/nodes.ts';
import { leavesOf, selectsIn } from './ast/walk.ts';
import { type Finding, Findings, type Span, type Suggestion } from './findings/finding.ts';
import type { RefusedText } from './fixes/site.ts';
import { suggestFixes } from './fixes/suggest.ts';
import { TextIndex } from './parse/span.ts';
import type { ParsedQuery } from './parse/parser.ts';
import { printStatement, type Statement } from './print/statement.ts';
import { reportTooManyNodes, TooManyNodes } from './resolve/context.ts';
import { resolveQuery } from './resolve/query.ts';
import { type Obligation, obligationsOf } from './rewrite/obligations.ts';
import { groupDistinct } from './rewrite/group-distinct.ts';
import { inlineNamed } from './rewrite/inline-named.ts';
import { makesLongTexts } from './rewrite/text-growth.ts';
import { rewriteQuery } from './rewrite/rewrite.ts';
import type { TableKey } from './analysis/known-keys.ts';
import { checkAggregation } from './check/aggregation.ts';
import { checkCounting } from './check/counting.ts';
import type { RuleContext, CheckContext, Scan } from './check/rule-context.ts';
import { checkCustom } from './check/custom.ts';
import { checkGrouping } from './check/grouping.ts';
import { isConstrained } from './check/lineage.ts';
import { checkList } from './check/list.ts';
import { checkProtection } from './check/protection.ts';
import { isForOwner } from './check/threshold-reachability.ts';
import { checkRoles, checkTable } from './check/roles.ts';
import { bindTemplate, type BoundTemplate, checkPatterns } from './check/template.ts';
import { withTotals } from './check/totals.ts';

/** The most rows that a result has where nobody says another number. */
export const DEFAULT_MAX_ROWS = 1_000_000;

/** Whether a query may run. A refusal is data, not an error, and contains all reasons. */
export type Verdict =
  | {
      readonly allowed: true;
      readonly findings: readonly [];
      /** What the rewrite adds to the query before it runs. */
      readonly obligations: readonly Obligation[];
      /** What the verdict assumes of the member's own tables, if no snapshots were given; a room checks it. */
      readonly assumed: readonly TableKey[];
      /** Names of the tables that the query reads; it costs one unit of each access budget of each table. */
      readonly tables: readonly string[];
      /** The SQL that runs instead of the text. */
      readonly statement: Statement;
    }
  | {
      readonly allowed: false;
      readonly findings: readonly Finding[];
      readonly obligations: readonly [];
      readonly tables: readonly string[];
      /** The nearest query that would be allowed, where one can be written mechanically; only `verifyFixes` finds it. */
      readonly suggestion?: Suggestion;
    };

/** Refuses a query; `refused` is what fixes are made of, and `null` for a template, whose text never changes. */
function refuse(found: Findings, tables: readonly string[], refused: RefusedText | null = null): Verdict {
  const listed = found.list();
  const findings = refused === null ? listed : Object.freeze(suggestFixes(refused, listed));
  const verdict: Verdict = { allowed: false, findings, obligations: [], tables };
  return Object.freeze(verdict);
}

function scansOf(query: Query): readonly Scan[] {
  return selectsIn(query)
    .flatMap((select) => leavesOf(select.from))
    .filter((leaf): leaf is Scan => leaf.kind === 'scan');
}

/** Applies the checks of the rule type that all tables share. */
function checkRules(
  query: Query,
  bound: BoundTemplate | null,
  spans: ReadonlyMap<string, Span>,
  check: RuleContext,
): void {
  const kinds = new Set(check.tables.map((table) => table.rule?.kind ?? null));
  //= rules R-13
  const [kind = null, other] = kinds;
  if (other !== undefined) {
    const types = check.tables.map((table) => `${table.rule?.kind ?? 'none'} for \`${table.name}\``).join(', ');
    check.found.add('RULE_TYPE_MIX', query.span, `the tables have different types of analysis rules: ${types}`);
    return;
  }
  switch (kind) {
    case 'aggregation':
      checkAggregation(query, check);
      break;
    case 'list':
      checkList(query, check);
      break;
    case 'custom':
      checkCustom(query, bound?.template ?? null, spans, check);
      break;
    case null:
      break;
  }
}

function findTables(scans: readonly Scan[]): readonly ManifestTable[] {
  return [...new Map(scans.map((scan) => [scan.table.name, scan.table])).values()];
}

/** The query in the form in which persons can be counted; `null` if that is too large. */
function spellOut(query: Query, whole: Span, found: Findings): Query | null {
  try {
    return groupDistinct(inlineNamed(query));
  } catch (error) {
    if (!(error instanceof TooManyNodes)) throw error;
    reportTooManyNodes(whole, found, 'Read WITH queries less often, and not through many others.');
    return null;
  }
}

/**
 * Decides whether a query may run, by the analysis rules of all tables that it reads, and writes the SQL that runs instead.
 *
 * Pure: it reads no file, no clock and no table, and gives the same verdict for the same query and context. Whatever is wrong
 * with the query becomes a finding and never an exception. It cannot be interrupted: `QueryRunner` and `previewQuery` check what
 * others write in a process with limits.
 *
 * @throws {TypeError} if the query was parsed in another dialect than the manifest's.
 *
 * @example
 * ```ts
 * import { readFile } from 'node:fs/promises';
 * import { parseManifest } from 'sealroom/collab';
 * import { checkQuery, QueryParser } from 'sealroom/query';
 *
 * const manifest = parseManifest(await readFile('samples/room/manifest.json', 'utf8'));
 * using parser = await QueryParser.open();
 * const parsed = await parser.parse('SELECT person FROM impressions');
 * const verdict = checkQuery(parsed, { manifest, member: 'shoes', receivers: ['shoes'] });
 * console.log(verdict.allowed); // false
 * if (!verdict.allowed) console.log(verdict.findings.map(({ code }) => code).join(', ')); // FINGERPRINT_USE, AGG_REQUIRED, JOIN_REQUIRED
 * ```
 */
export function checkQuery(parsed: ParsedQuery, context: CheckContext): Verdict {
  const { manifest, member, receivers, maxRows = DEFAULT_MAX_ROWS } = context;
  if (parsed.dialect !== manifest.dialect) throw new TypeError(`the query was parsed as ${parsed.dialect}`);
  //= rules R-39
  const found = new Findings();
  for (const { code, span, message, help } of parsed.findings) found.add(code, span, message, { help });
  const { index = new TextIndex(parsed.text, parsed.dialect) } = parsed;
  checkRoles(context, index.whole, found);
  const bound = bindTemplate(context, parsed.text, index.whole, found);
  if (parsed.statement === null) return refuse(found, []);
  const resolved = resolveQuery(parsed.statement, { index, found }, manifest, bound?.types ?? null);
  if (resolved === null) return refuse(found, []);
  if (bound !== null) checkPatterns(resolved, bound, found);
  const scans = scansOf(resolved);
  const tables = findTables(scans);
  const query = tables.some(isConstrained) ? spellOut(withTotals(resolved), index.whole, found) : resolved;
  const names = Object.freeze(tables.map((table) => table.name));
  if (query === null) return refuse(found, names);
  if (tables.length === 0 && found.size === 0) found.add('NO_TABLE', query.span, 'the query reads no table');
  const spans = new Map(scans.toReversed().map((scan) => [scan.table.name, scan.span]));
  for (const table of tables) checkTable(table, spans.get(table.name) ?? query.span, context, found);
  checkGrouping(query, found);
  checkProtection(query, manifest, found);
  const check = { found, manifest, member, receivers, tables };
  checkRules(query, bound, spans, check);
  const counted = checkCounting(query, context, check);
  if (found.size > 0) {
    const refused = context.template === undefined ? { text: parsed.text, query: resolved, manifest } : null;
    return refuse(found, names, refused);
  }
  const free = new Set(tables.filter((table) => isForOwner(table, check)).map(({ name }) => name));
  const obligations = obligationsOf(query, tables, counted.limits, maxRows, free);
  if (makesLongTexts(resolved)) {
    const help = 'Join, repeat and replace texts less often.';
    found.add('TOO_LARGE', query.span, 'the texts that the query makes can become too long', { help });
    return refuse(found, names);
  }
  const rewritten = rewriteQuery(counted.query, obligations);
  if (rewritten === null) {
    const help = 'Nest functions and sub-queries less deeply.';
    found.add('TOO_LARGE', query.span, 'functions or sub-queries that are values are nested too deeply', { help });
    return refuse(found, names);
  }
  const statement = printStatement(rewritten, bound?.values ?? new Map());
  const { assumed } = counted;
  const verdict: Verdict = { allowed: true, findings: [], obligations, assumed, tables: names, statement };
  return Object.freeze(verdict);
}
