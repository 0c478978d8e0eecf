import { quoteText } from '../../engine/index.ts';
import { findNearest, quoteForMessage } from '../../errors/index.ts';
import { canonicalText } from '../ast/equal.ts';
import type { Expression } from '../ast/nodes.ts';
import { DATE, TIMESTAMP } from '../ast/value-type.ts';
import { sizeOf } from '../ast/walk.ts';
import type { Span } from '../findings/finding.ts';
import type { Context } from './context.ts';
import { type StrictNode, foldName } from './strict-node.ts';
import {
  columnExpression,
  columnsNamed,
  findColumns,
  findRelations,
  type FoundColumn,
  invalid,
  type Scope,
} from './scope.ts';
import { meaningsOf } from './dialect.ts';

/** The engine's value that a bare word means if no column has that name. */
function findWord(name: string, span: Span): Expression | null {
  if (name === 'current_date') return { kind: 'call', function: 'current_date', arguments: [], span, type: DATE };
  if (name !== 'localtimestamp' && name !== 'current_timestamp') return null;
  return { kind: 'call', function: 'current_localtimestamp', arguments: [], span, type: TIMESTAMP };
}

const ENGINE_WORDS = new Set([
  'user',
  'current_user',
  'session_user',
  'current_role',
  'current_catalog',
  'current_schema',
]);

/** The most columns that a help lists. */
const MAX_LISTED = 8;

/** The column that a mistyped name most likely means, or the first ones that it could mean, as a sentence. */
function suggestColumn({ entries }: Pick<Scope, 'entries'>, name: string, { nodes }: Context): string | undefined {
  const names = entries.flatMap(({ leaf }) => leaf.columns.map((column) => column.name));
  nodes.add(names.length);
  const nearest = findNearest(name, names);
  if (nearest !== undefined) return `Did you mean ${quoteForMessage(nearest)}?`;
  const listed = [...new Set(names)].slice(0, MAX_LISTED).map(quoteForMessage).join(', ');
  return listed === '' ? undefined : `The columns are ${listed}${new Set(names).size > MAX_LISTED ? ', …' : ''}.`;
}

/** What to say of an unknown name in double quotes, where its SQL itself could read a text; empty for other names. */
function helpOnQuotes({ start, end }: Span, context: Context): string {
  const written = context.walk.index.text.slice(start, end);
  if (!meaningsOf(context).mayQuoteTexts || !written.startsWith('"')) return '';
  return `Double quotes mark a name. Write a text in single quotes: ${quoteText(written.slice(1, -1))}. `;
}

/** The alias in FROM that a mistyped one most likely means, as a sentence. */
function suggestAlias(scope: Scope, alias: string): string | undefined {
  const nearest = findNearest(
    alias,
    scope.entries.map(({ leaf }) => leaf.alias),
  );
  return nearest === undefined ? undefined : `Did you mean ${quoteForMessage(nearest)}?`;
}

/** A column of the query around this one. The alias must not mean a relation of this one as well. */
function outerColumn(found: FoundColumn, span: Span, { scope, walk }: Context): Expression {
  if (findRelations(scope, foldName(found.leaf.alias)).length === 0) return columnExpression(found, span);
  const message = `${quoteForMessage(found.leaf.alias)} is an alias both in the sub-query and around it`;
  walk.found.add('AMBIGUOUS_COLUMN', span, message, { help: 'Give the tables of the sub-query other aliases.' });
  return invalid(span, [], true);
}

function reportUnknown(name: string, span: Span, context: Context): Expression {
  const { scope, walk } = context;
  const { found } = walk;
  const outer = scope.outer === null ? [] : findColumns(scope.outer, name);
  const [column] = outer;
  if (column !== undefined) {
    if (scope.usesOuter && outer.length === 1) return outerColumn(column, span, context);
    found.add('SUBQUERY', span, `${quoteForMessage(name)} is a column of the query around the sub-query`);
  } else if (scope.outputs.has(name)) {
    found.add('UNKNOWN_COLUMN', span, `${quoteForMessage(name)} is an output, and this clause cannot name outputs`, {
      help: 'Write the expression itself.',
    });
  } else if (ENGINE_WORDS.has(name) || /^(current|local)_?/.test(name)) {
    found.add('FUNCTION_NOT_ALLOWED', span, `${quoteForMessage(name)} is neither a column nor a function that may run`);
  } else {
    found.add('UNKNOWN_COLUMN', span, `no table in FROM has a column ${quoteForMessage(name)}`, {
      help: `${helpOnQuotes(span, context)}${suggestColumn(scope, name, context) ?? ''}`.trim() || undefined,
    });
  }
  return invalid(span, [], true);
}

/** The output that a bare name means in this clause. Reports a name that also means a different column. */
function resolveOutput(name: string, columns: readonly FoundColumn[], span: Span, context: Context): Expression | null {
  const { scope, walk } = context;
  if (scope.outputUse === 'no') return null;
  //= rules R-6
  const outputs = scope.outputs.get(name) ?? [];
  const [output] = outputs;
  if (output === undefined) return null;
  context.nodes.add(outputs.reduce((size, item) => size + sizeOf(item.value), 0));
  const [column] = columns;
  if (column !== undefined) {
    const meant = columnExpression(column, span);
    if (columns.length === 1 && outputs.every((item) => canonicalText(item.value) === canonicalText(meant)))
      return null;
    walk.found.add('ALIAS_SHADOWS_COLUMN', span, `${quoteForMessage(name)} is both a column and a different output`);
    return invalid(span, [], true);
  }
  if (scope.outputUse === 'clash') return null;
  if (outputs.length > 1) {
    walk.found.add('AMBIGUOUS_COLUMN', span, `more than one output is called ${quoteForMessage(name)}`);
    return invalid(span, [], true);
  }
  return { ...output.value, span };
}

function resolveBare(name: string, span: Span, context: Context): Expression {
  const { scope, walk } = context;
  //= rules R-7
  const columns = findColumns(scope, name);
  const output = resolveOutput(name, columns, span, context);
  if (output !== null) return output;
  const [column] = columns;
  if (column !== undefined && columns.length === 1) return columnExpression(column, span);
  if (column !== undefined) {
    walk.found.add('AMBIGUOUS_COLUMN', span, `more than one table in FROM has a column ${quoteForMessage(name)}`);
  } else if (name === 'rowid') {
    walk.found.add('ROWID', span, 'row numbers are not available');
  } else if (findRelations(scope, name).length > 0) {
    walk.found.add('ROW_REF', span, `${quoteForMessage(name)} is a table; as a value it means the whole row`);
  } else {
    const word = findWord(name, span);
    if (word !== null) return word;
    return scope.isBroken ? invalid(span, [], true) : reportUnknown(name, span, context);
  }
  return invalid(span, [], true);
}

function resolveQualified(alias: string, name: string, span: Span, context: Context): Expression {
  const { scope, walk } = context;
  const relations = findRelations(scope, alias);
  const columns = columnsNamed(name, relations);
  const [column] = columns;
  if (column !== undefined && columns.length === 1) return columnExpression(column, span);
  if (column !== undefined) {
    walk.found.add('AMBIGUOUS_COLUMN', span, `${quoteForMessage(`${alias}.${name}`)} can mean more than one column`);
  } else if (relations.length > 0 && name === 'rowid') {
    walk.found.add('ROWID', span, 'row numbers are not available');
  } else if (relations.length > 0) {
    const help = suggestColumn({ entries: relations }, name, context);
    walk.found.add('UNKNOWN_COLUMN', span, `${quoteForMessage(alias)} has no column ${quoteForMessage(name)}`, {
      help,
    });
  } else if (findColumns(scope, alias).length > 0) {
    walk.found.add(
      'STRUCT_ACCESS',
      span,
      `${quoteForMessage(alias)} is a column and has no part ${quoteForMessage(name)}`,
    );
  } else if (!scope.isBroken) {
    const outer = scope.outer === null ? [] : findRelations(scope.outer, alias);
    const [found] = columnsNamed(name, outer);
    if (scope.usesOuter && found !== undefined) return outerColumn(found, span, context);
    if (outer.length > 0)
      walk.found.add('SUBQUERY', span, `${quoteForMessage(alias)} belongs to the query around the sub-query`);
    else {
      const help = suggestAlias(scope, alias);
      walk.found.add('UNKNOWN_COLUMN', span, `nothing in FROM is called ${quoteForMessage(alias)}`, { help });
    }
  }
  return invalid(span, [], true);
}

/** Resolves a name by our own rules: to a column, to an output if the clause can name outputs, or to a finding. */
export function resolveName(node: StrictNode, context: Context): Expression {
  const { span } = node;
  const [first = '', second, third, ...more] = node.texts('column_names').map(foldName);
  node.close();
  if (second === undefined) return resolveBare(first, span, context);
  if (third === undefined) return resolveQualified(first, second, span, context);
  const isTable = context.scope.entries.some(
    ({ leaf }) => leaf.kind === 'scan' && foldName(leaf.table.owner) === first && foldName(leaf.alias) === second,
  );
  if (isTable && more.length === 0) return resolveQualified(second, third, span, context);
  context.walk.found.add('STRUCT_ACCESS', span, 'a name has at most an owner, a table and a column');
  return invalid(span, [], true);
}
