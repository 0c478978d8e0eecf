import type { FindingText } from './finding-text.ts';

/** Findings about the text, its shape, and the names in it. */
export const SHAPE_FINDINGS = {
  PARSE_ERROR: {
    why: 'This is not valid SQL.',
    help: 'Fix it at the mark.',
  },
  TOO_LARGE: {
    why: 'Long queries and long lists are refused so that reading a query never takes long.',
    help: 'Write at most 20,000 bytes, with at most 1,000 values in a list and at most 1,000 outputs; instead of a long list, join with a table of your own.',
  },
  CHECK_STOPPED: {
    why: 'A query whose check takes too much time or memory is not decided, and what is not decided does not run.',
    help: 'Write a shorter query. If short queries are stopped too, the machine of the room is too busy or too small.',
  },
  MULTI_STATEMENT: {
    why: 'A submission is one query, with one verdict and one entry in the log.',
    help: 'Submit the statements one at a time.',
  },
  NOT_SELECT: {
    why: 'A room answers queries that read; nothing else runs in it.',
    help: 'Write a single SELECT.',
  },
  UNSUPPORTED_NODE: {
    why: 'The checker refuses what it does not know, because it cannot tell what that would reveal.',
    help: 'Rewrite the query with plain SELECT, JOIN, WHERE, GROUP BY and the functions of the analysis rule.',
  },
  NO_TABLE: {
    why: 'A query has to read at least one table of the room.',
    help: 'Select from a table of the collaboration.',
  },
  UNKNOWN_TABLE: {
    why: 'Only the tables of the collaboration exist in the room: there are no files, no catalogue and no other schemas.',
    help: 'Use a table that the manifest names.',
  },
  NO_RULE: {
    why: 'A table without an analysis rule cannot be queried.',
    help: 'Ask its owner to add an analysis rule.',
  },
  RULE_TYPE_MIX: {
    why: 'All tables of a query must have the same type of analysis rule; otherwise one table would be read under the rule of another.',
    help: 'Use only tables with the same type of rule in one query.',
  },
  TABLE_FUNCTION: {
    why: 'Table functions read files, settings and other tables, which bypasses the rules.',
    help: 'Select from a table of the collaboration.',
  },
  SUBQUERY: {
    why: 'A sub-query computes on individual people before a threshold applies. It may run as a filter that all rows must meet (`column IN (SELECT …)` or EXISTS), and may then refer to the query around it. Only a custom rule allows other sub-queries, and they may not refer to it.',
    help: 'Write the query as a single SELECT with joins, or filter with `column IN (SELECT …)`.',
  },
  SUBQUERY_MULTIROW: {
    why: 'A sub-query that is used as a value must return one row whatever the data is; a failure would reveal something about the data.',
    help: 'Make it a single aggregate without GROUP BY.',
  },
  CTE: {
    why: 'A WITH query is a sub-query by another name; only a custom rule can allow it.',
    help: 'Write the query as a single SELECT with joins.',
  },
  CTE_RECURSIVE: {
    why: 'There is no bound on the work of a recursive query.',
    help: 'Write the query without RECURSIVE.',
  },
  CTE_SHADOWS_TABLE: {
    why: 'A WITH query that has the name of a table would be read instead of that table.',
    help: 'Give the WITH query a different name.',
  },
  SETOP: {
    why: 'UNION, INTERSECT and EXCEPT combine answers, while thresholds apply to each answer alone; only a custom rule can allow them.',
    help: 'Submit the parts as separate queries.',
  },
  SETOP_KIND: {
    why: 'The checker does not know this set operation, or the columns of its two sides do not match.',
    help: 'Use UNION, UNION ALL, INTERSECT or EXCEPT, with the same number of columns and the same types on both sides.',
  },
  WINDOW: {
    why: 'Window functions and QUALIFY look at several rows of the answer, including suppressed ones; only a custom rule can allow them.',
    help: 'Leave it out, and compute it on the result.',
  },
  STAR: {
    why: 'A star selects columns without naming them; under this rule every output has to be named.',
    help: 'Name the columns.',
  },
  SAMPLE: {
    why: 'Random samples of a table, taken again and again, get around every threshold.',
    help: 'Leave out the sample.',
  },
  AT_CLAUSE: {
    why: 'The room has one snapshot of each table.',
    help: 'Leave out AT.',
  },
  COLUMN_ALIAS_LIST: {
    why: 'A list of names after the alias of a table renames columns by position, and can give an unlisted column the name of a listed one. After a sub-query or VALUES, the list needs one name for each output.',
    help: 'Use the original names of the columns, or rename them with AS in a SELECT.',
  },
  UNKNOWN_COLUMN: {
    why: 'No table in FROM has a column with this name.',
    help: 'Check the name against the columns of the tables.',
  },
  AMBIGUOUS_COLUMN: {
    why: 'More than one column or table in FROM, or more than one output, has this name.',
    help: 'Write the table alias before the column, and give each output of a sub-query its own name.',
  },
  ALIAS_SHADOWS_COLUMN: {
    why: 'The name is both a column and an output with a different meaning, and SQL takes one or the other depending on the clause.',
    help: 'Give the output a different name, or write the table alias before the column.',
  },
  ROW_REF: {
    why: 'A table name that is used as a value means the whole row, with all its columns.',
    help: 'Name a column.',
  },
  ROWID: {
    why: 'Row numbers point at individual rows of a table.',
    help: 'Leave out the row number.',
  },
  STRUCT_ACCESS: {
    why: 'Columns have no parts, and this notation can reach columns without naming them.',
    help: 'Write `alias.column`.',
  },
  ORDINAL_RANGE: {
    why: 'The number refers to an output, counted from 1, and the query has no such output.',
    help: 'Use the name of the output.',
  },
} as const satisfies Readonly<Record<string, FindingText>>;
