import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';

type Node = Readonly<Record<string, unknown>>;

/** Columns of tables, as `owner.table.column`. */
type Columns = ReadonlySet<string>;

/** What an alias stands for: a table, or outputs by name with the columns whose values are in them. */
type Source = { readonly table: string } | { readonly outputs: ReadonlyMap<string, Columns> };

/** The argument of a lambda. */
const ARGUMENT: Source = { outputs: new Map() };

type Named = ReadonlyMap<string, ReadonlyMap<string, Columns>>;

/** What a statement takes from which tables. */
export interface Reads {
  readonly tables: ReadonlySet<string>;
  /** All columns that are mentioned, wherever. */
  readonly columns: Columns;
  /** For each output, the columns whose values can be in it: all that it is made of but what is counted. */
  readonly outputs: readonly Columns[];
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function childrenOf(value: unknown): readonly Node[] {
  if (Array.isArray(value)) return value.flatMap((item: unknown) => (isNode(item) ? [item] : childrenOf(item)));
  return isNode(value) ? [value] : [];
}

function nodeAt(node: Node, ...path: readonly string[]): Node {
  let found: unknown = node;
  for (const name of path) found = isNode(found) ? found[name] : undefined;
  if (!isNode(found)) throw new Error(`no ${path.join('.')} in ${JSON.stringify(node).slice(0, 200)}`);
  return found;
}

/** Follows names through the parser's tree of one statement. It knows the shapes that we print and fails on all others. */
class Reader {
  readonly tables = new Set<string>();
  readonly columns = new Set<string>();

  query(node: Node, outer: Named): readonly (readonly [name: string, columns: Columns])[] {
    const named = new Map(outer);
    for (const entry of childrenOf(nodeAt(node, 'cte_map')['map'])) {
      named.set(String(entry['key']), new Map(this.query(nodeAt(entry, 'value', 'query', 'node'), named)));
    }
    if (node['type'] === 'SET_OPERATION_NODE') {
      const right = this.query(nodeAt(node, 'right'), named);
      const left = this.query(nodeAt(node, 'left'), named);
      return left.map(([name, columns], index) => [name, new Set([...columns, ...(right[index]?.[1] ?? [])])]);
    }
    if (node['type'] !== 'SELECT_NODE') throw new Error(`a query of type ${String(node['type'])}`);
    const scope = new Map<string, Source>();
    this.#relation(nodeAt(node, 'from_table'), scope, named);
    const { select_list: items, modifiers, where_clause: where, group_expressions: groups, having, qualify } = node;
    for (const part of [modifiers, where, groups, having, qualify]) this.#expression(part, scope, named);
    return childrenOf(items).map((item) => {
      const names = item['column_names'];
      const own = Array.isArray(names) ? String(names.at(-1)) : '';
      return [String(item['alias']) || own, this.#expression(item, scope, named)];
    });
  }

  #relation(node: Node, scope: Map<string, Source>, named: Named): void {
    const alias = String(node['alias']);
    switch (node['type']) {
      case 'EMPTY':
        return;
      case 'JOIN':
        this.#relation(nodeAt(node, 'left'), scope, named);
        this.#relation(nodeAt(node, 'right'), scope, named);
        this.#expression(node['condition'], scope, named);
        if (childrenOf(node['using_columns']).length > 0) throw new Error('USING');
        return;
      case 'SUBQUERY':
        scope.set(alias, { outputs: new Map(this.query(nodeAt(node, 'subquery', 'node'), named)) });
        return;
      case 'BASE_TABLE': {
        const [schema, name] = [String(node['schema_name']), String(node['table_name'])];
        const outputs = schema === '' ? named.get(name) : undefined;
        if (outputs === undefined) this.tables.add(`${schema}.${name}`);
        scope.set(alias, outputs === undefined ? { table: `${schema}.${name}` } : { outputs });
        return;
      }
      default:
        throw new Error(`a relation of type ${String(node['type'])}`);
    }
  }

  /** The columns whose values can be in an expression, or a list of them. */
  #expression(value: unknown, scope: ReadonlyMap<string, Source>, named: Named): Columns {
    const found = new Set<string>();
    for (const node of childrenOf(value)) {
      const isCount = node['class'] === 'FUNCTION' && node['function_name'] === 'count';
      for (const column of this.#node(node, scope, named)) if (!isCount) found.add(column);
    }
    return found;
  }

  #node(node: Node, scope: ReadonlyMap<string, Source>, named: Named): Columns {
    if (node['class'] === 'COLUMN_REF') return this.#column(node, scope);
    // The values of its argument are counted where the list that it goes through is.
    if (node['class'] === 'LAMBDA')
      return this.#expression(node['expr'], new Map([...scope, ['each', ARGUMENT]]), named);
    const { subquery, ...rest } = node;
    const found = new Set(Object.values(rest).flatMap((child) => [...this.#expression(child, scope, named)]));
    if (isNode(subquery)) {
      for (const [, columns] of this.query(nodeAt(subquery, 'node'), named))
        for (const each of columns) found.add(each);
    }
    return found;
  }

  #column(node: Node, scope: ReadonlyMap<string, Source>): Columns {
    const [alias, name, ...more] = Array.isArray(node['column_names']) ? node['column_names'].map(String) : [];
    const source = scope.get(alias ?? '');
    if (source === ARGUMENT) return new Set();
    if (source === undefined || name === undefined || more.length > 0) {
      throw new Error(`a name that is not of this SELECT: ${JSON.stringify(node['column_names'])}`);
    }
    if ('outputs' in source) {
      const columns = source.outputs.get(name);
      if (columns === undefined) throw new Error(`no output ${name}`);
      return columns;
    }
    const column = `${source.table}.${name}`;
    this.columns.add(column);
    return new Set([column]);
  }
}

/** Asks DuckDB's own parser what a statement reads. It shares nothing with the code that checks queries. */
export class ReadsParser {
  readonly #connection: DuckDBConnection;

  private constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  static async open(): Promise<ReadsParser> {
    return new ReadsParser(await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect());
  }

  async read(sql: string): Promise<Reads> {
    const reader = await this.#connection.runAndReadAll('SELECT json_serialize_sql($1::VARCHAR)', [sql]);
    const tree: unknown = JSON.parse(String(reader.getRows()[0]?.[0]));
    const [statement, second] = isNode(tree) ? childrenOf(tree['statements']) : [];
    if (statement === undefined || second !== undefined) throw new Error(`not one SELECT: ${sql}`);
    const walk = new Reader();
    const outputs = walk.query(nodeAt(statement, 'node'), new Map()).map(([, columns]) => columns);
    return { tables: walk.tables, columns: walk.columns, outputs };
  }

  close(): void {
    this.#connection.closeSync();
  }
}
