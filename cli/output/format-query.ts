import type { TableExample } from '../../src/actions/operator/index.ts';
import type { BudgetChange } from '../../src/audit/index.ts';
import { quoteForMessage, SealroomError } from '../../src/errors/index.ts';
import {
  describeObligation,
  type Finding,
  renderFindings,
  renderSuggestion,
  type TableKey,
} from '../../src/query/index.ts';
import type { QueryCheck } from '../../src/room/index.ts';
import type { CheckAnswer } from '../../src/wire/index.ts';

/** Describes each budget before and after a query that ran, in one line. */
export function printBudgets(budgets: readonly BudgetChange[]): readonly string[] {
  return budgets.map((change) => printBudget(change, ''));
}

function printBudget({ table, type, unit, period, before, after, budget }: BudgetChange, bound: string): string {
  const what = unit === 'ROWS' ? ' rows' : '';
  return `${table}: ${String(before)} of ${String(budget)}${what} left, ${bound}${String(after)} after this query (${type} ${period})`;
}

/** Describes each budget before and after a query that has not run: how many rows it costs is not known yet. */
function printCosts(budgets: readonly BudgetChange[]): readonly string[] {
  return budgets.map((change) => printBudget(change, change.unit === 'ROWS' ? 'at most ' : ''));
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${line}`)];
}

/** A key that a verdict assumes, as a sentence for the querying member. */
function describeKey({ table, columns }: TableKey): string {
  const names = columns.map((name) => `\`${name}\``).join(', ');
  return `No two rows of your table \`${table}\` have the same ${names}; a room refuses the query if some do.`;
}

/** Describes a verdict to a person: all findings, or what is added to the query, what it costs and what runs. */
export function printVerdict(answer: CheckAnswer): readonly string[] {
  if (!answer.allowed) {
    const { findings, suggestion } = answer;
    const nearest = suggestion === undefined ? [] : ['', renderSuggestion(suggestion)];
    return [renderFindings(answer.sql, findings), ...nearest];
  }
  const { sql, parameters } = answer.statement;
  return [
    'allowed',
    ...section('reads', answer.tables),
    ...section('added', answer.obligations.map(describeObligation)),
    ...section('assumes', answer.assumed.map(describeKey)),
    ...section('costs', printCosts(answer.budgets)),
    ...section('runs', [sql, ...parameters.map((value, index) => `$${String(index + 1)} = ${JSON.stringify(value)}`)]),
  ];
}

/** Says which values of a template's parameters are its defaults. */
export function printDefaults(
  parameters: Readonly<Record<string, string>>,
  given: Readonly<Record<string, string>>,
): readonly string[] {
  const defaults = Object.entries(parameters).filter(([name]) => !Object.hasOwn(given, name));
  return section(
    'defaults',
    defaults.map(([name, value]) => `${name} = ${quoteForMessage(value)}`),
  );
}

/** Describes what may be asked of each table, with one query that is allowed. */
export function describeExamples(examples: readonly TableExample[]): readonly string[] {
  return examples.flatMap(({ table, owner, allows, templates, sql }) => [
    `${table} of ${owner}:`,
    ...allows.map((text) => `  allows ${text}`),
    ...templates.map((id) => `  try: --template ${id}`),
    ...(sql === null ? [] : [`  try: ${sql}`]),
    ...(sql === null && templates.length > 0 ? ['  takes no query but these templates'] : []),
    ...(sql === null && templates.length === 0 ? ['  no query was found that is allowed'] : []),
  ]);
}

/** What would happen to a query, for machines: its resolved query is the text whose hash is in the records. */
export function toCheckAnswer({ text: sql, parameters, verdict, budgets }: QueryCheck): CheckAnswer {
  if (!verdict.allowed) return { sql, parameters, ...verdict, budgets: [] };
  const { statement } = verdict;
  return { sql, parameters, ...verdict, statement: { ...statement, ir: JSON.stringify(statement.ir) }, budgets };
}

/** The error that ends a command whose query is refused, after its findings were printed. */
export function refusal(findings: readonly Finding[]): SealroomError {
  const count = findings.length === 1 ? 'one reason' : `${String(findings.length)} reasons`;
  return new SealroomError('RULE_QUERY', `the query is refused for ${count}`);
}
