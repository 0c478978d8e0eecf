import type { FindingText } from './finding-text.ts';

/** Findings about the text, its shape, and the names in it. */
export const SHAPE_FINDINGS = {
  PARSE_ERROR: {
    why: 'The text is no SQL that can be read.',
    help: 'Correct the SQL at the marked place.',
  },
  TOO_LARGE: {
    why: 'Long queries and long lists are refused, so that reading one never takes long.',
    help: 'Write at most 20,000 bytes, and lists of at most 1,000 values or outputs; join with a table of your own instead of a long list.',
  },
  MULTI_STATEMENT: {
    why: 'One submission is one question, with one verdict and one entry in the log.',
    help: 'Submit the statements one by one.',
  },
  NOT_SELECT: {
    why: 'Queries read; nothing else runs in the room.',
    help: 'Write one SELECT.',
  },
  UNSUPPORTED_NODE: {
    why: 'What the checker does not know, it refuses, because it cannot say what it would give away.',
    help: 'Write the same with plain SELECT, JOIN, WHERE, GROUP BY and the functions of the analysis rule.',
  },
  NO_TABLE: {
    why: 'A query without a table asks the room nothing.',
    help: 'Select from a table of the collaboration.',
  },
  UNKNOWN_TABLE: {
    why: 'Only tables of the collaboration exist in the room: no files, no catalogue, no other schema.',
    help: 'Use a table that the manifest names.',
  },
  NO_RULE: {
    why: 'A table without an analysis rule cannot be queried.',
    help: 'Ask its owner for an analysis rule.',
  },
  RULE_TYPE_MIX: {
    why: 'All tables of a query carry the same type of analysis rule; otherwise each would be read by the rules of another.',
    help: 'Query tables of one rule type together.',
  },
  TABLE_FUNCTION: {
    why: 'Table functions read files, settings and other tables behind the rules.',
    help: 'Select from a table of the collaboration.',
  },
  SUBQUERY: {
    why: 'Sub-queries compute on single persons before a threshold applies; only a custom rule may allow them, and never ones that refer to the query around them.',
    help: 'Write the question as one SELECT with joins.',
  },
  SUBQUERY_MULTIROW: {
    why: 'A sub-query in the place of a value must give one row whatever the data is; a failure would tell something of the data.',
    help: 'Make it a single aggregate without GROUP BY.',
  },
  CTE: {
    why: 'WITH is a sub-query by another name; only a custom rule may allow it.',
    help: 'Write the question as one SELECT with joins.',
  },
  CTE_RECURSIVE: {
    why: 'A recursive query has no bound on its work.',
    help: 'Write it without RECURSIVE.',
  },
  CTE_SHADOWS_TABLE: {
    why: 'A WITH query that takes the name of a table would be read in its place.',
    help: 'Give the WITH query a name of its own.',
  },
  SETOP: {
    why: 'UNION, INTERSECT and EXCEPT combine answers that the thresholds see only one by one; only a custom rule may allow them.',
    help: 'Submit the parts as queries of their own.',
  },
  SETOP_KIND: {
    why: 'This set operation is not known to the checker, or its two sides do not fit together column by column.',
    help: 'Use UNION, UNION ALL, INTERSECT or EXCEPT with as many columns of the same types on both sides.',
  },
  WINDOW: {
    why: 'Window functions and QUALIFY look at several rows of the answer, suppressed ones included; only a custom rule may allow them.',
    help: 'Leave the window out and compute it on the result.',
  },
  STAR: {
    why: 'A star stands for columns that nobody has named; under this rule each output is named.',
    help: 'Name the columns.',
  },
  SAMPLE: {
    why: 'Random parts of a table, asked again and again, get around every threshold.',
    help: 'Leave the sample out.',
  },
  AT_CLAUSE: {
    why: 'There is one snapshot of a table in the room.',
    help: 'Leave AT out.',
  },
  COLUMN_ALIAS_LIST: {
    why: 'A list of names behind an alias renames columns by position, unlisted ones to listed ones.',
    help: 'Use the names that the columns have, or rename them with AS in a SELECT.',
  },
  UNKNOWN_COLUMN: {
    why: 'No table in FROM has a column of this name.',
    help: 'Check the name against the columns of the tables.',
  },
  AMBIGUOUS_COLUMN: {
    why: 'More than one table in FROM, or output of a sub-query, has this name.',
    help: 'Write the alias of the table before the column, and give each output of a sub-query its own name.',
  },
  ALIAS_SHADOWS_COLUMN: {
    why: 'The name is both a column and an output of another meaning, and SQL takes one or the other depending on the clause.',
    help: 'Give the output another name, or write the alias of the table before the column.',
  },
  ROW_REF: {
    why: 'A table name in the place of a value is the whole row, with every column of it.',
    help: 'Name a column.',
  },
  ROWID: {
    why: 'Row numbers of a table point at single rows.',
    help: 'Leave it out.',
  },
  STRUCT_ACCESS: {
    why: 'Columns have no parts; this notation reaches columns without naming them.',
    help: 'Write `alias.column`.',
  },
  ORDINAL_RANGE: {
    why: 'The number counts the outputs from 1, and there are not so many.',
    help: 'Write the name of the output.',
  },
} as const satisfies Readonly<Record<string, FindingText>>;
