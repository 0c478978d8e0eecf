import type { FindingText } from './finding-text.ts';

/** Findings about joins, columns, aggregates and functions, and about who asks. */
export const RULE_FINDINGS = {
  JOIN_TYPE: {
    why: 'Joins other than INNER JOIN … ON reach rows outside the overlap, pair rows that do not belong together, or hide their condition.',
    help: 'Write INNER JOIN … ON with an equality of join columns. A custom rule also allows LEFT, RIGHT and FULL JOIN.',
  },
  JOIN_CONDITION: {
    why: 'A join condition is made of equalities between a column of one side and a column of the other; anything else filters or multiplies rows unseen.',
    help: 'Write `a.column = b.column`, and put filters into WHERE.',
  },
  JOIN_COLUMN: {
    why: "The column is not among the table's join columns.",
    help: 'Join on a column that the analysis rule lists in joinColumns.',
  },
  JOIN_OPERATOR: {
    why: 'A table of the join does not allow OR between the equalities.',
    help: 'Use AND, or ask the owner to list OR in allowedJoinOperators.',
  },
  JOIN_NAMES: {
    why: 'Fingerprints of differently named columns have different keys and are never equal, unless the collaboration allows such joins.',
    help: 'Join fingerprint columns of the same name.',
  },
  JOIN_KIND: {
    why: 'A fingerprint is never equal to a cleartext, and a sealed cell is equal to nothing.',
    help: 'Join fingerprint with fingerprint, or cleartext with cleartext.',
  },
  JOIN_REQUIRED: {
    why: 'The owner answers only for rows that are also in a table of the querying member.',
    help: 'Join the table with one of the querying member.',
  },
  SELF_JOIN: {
    why: 'A table that is joined with itself multiplies rows, and pairs of persons pass thresholds that one person would not.',
    help: 'Use each table once.',
  },
  COLUMN_NOT_ALLOWED: {
    why: "The owner's analysis rule does not allow the column in this place.",
    help: 'Use a column that the analysis rule lists for this place.',
  },
  FINGERPRINT_USE: {
    why: 'Fingerprints stand for persons: they are joined and counted, never shown, filtered, grouped or computed with.',
    help: 'Use COUNT(DISTINCT column), or join on it.',
  },
  SEALED_USE: {
    why: 'Sealed cells are random: they can be shown to who has the secret, and counted; anything else has no meaning.',
    help: 'Select the column, or use COUNT(column), where the analysis rule allows it.',
  },
  AGG_REQUIRED: {
    why: 'Under this rule each row of the answer is a statistic.',
    help: 'Add an aggregate that the analysis rule lists.',
  },
  AGG_FUNCTION: {
    why: 'This aggregate gives back values of single rows, or is not known to be safe under this rule.',
    help: 'Use an aggregate that the analysis rule lists.',
  },
  AGG_NOT_ALLOWED: {
    why: 'The analysis rule does not list this aggregate for this column.',
    help: 'Use one that it lists.',
  },
  AGG_ARG: {
    why: 'Under this rule an aggregate takes a bare column: an expression could single out rows within a group.',
    help: 'Write the column alone, and put conditions into WHERE.',
  },
  AGG_POSITION: {
    why: 'Aggregates belong to SELECT and HAVING, and not into one another.',
    help: 'Move the aggregate.',
  },
  AGG_ORDER_BY: {
    why: 'The order inside an aggregate depends on columns that are not shown.',
    help: 'Leave ORDER BY out of the aggregate.',
  },
  FILTER_CLAUSE: {
    why: 'A filtered aggregate may be made of one person while its group passes the threshold.',
    help: 'Put the condition into WHERE.',
  },
  FUNCTION_NOT_ALLOWED: {
    why: 'Only functions that are known to be harmless and that the analysis rule lists may run.',
    help: 'Use a function that the analysis rule lists in scalarFunctions.',
  },
  CASE_NOT_ALLOWED: {
    why: 'CASE is not among the functions that an aggregation rule can list.',
    help: 'Group by the column, or filter in WHERE.',
  },
  IN_NOT_LITERAL: {
    why: 'A list behind IN holds values that are written in the query.',
    help: 'Write values, or compare the columns with =.',
  },
  ARGUMENT_NOT_LITERAL: {
    why: 'This argument must be a value that is written in the query, so that no row of the data can make the function fail.',
    help: 'Write the value itself.',
  },
  TYPE_MISMATCH: {
    why: 'Values of two types make the engine convert every row, and a failed conversion tells the value.',
    help: 'Compare and compute with values of one type; use CAST where the rule allows it.',
  },
  LITERAL_FORMAT: {
    why: 'The text is not a value of the type that it is used as.',
    help: "Write dates as '2024-01-31' and timestamps as '2024-01-31 23:59:59'.",
  },
  LITERAL_RANGE: {
    why: 'The number is outside of what the engine computes with exactly.',
    help: 'Write a finite number; an argument of a function is at most 1,000,000.',
  },
  LITERAL_OUTPUT: {
    why: 'An output that is no column and no aggregate is no answer.',
    help: 'Leave it out.',
  },
  GROUP_BY: {
    why: 'Lists are not grouped: a list rule answers with rows of the overlap.',
    help: 'Leave GROUP BY and HAVING out, and write SELECT DISTINCT.',
  },
  GROUP_BY_ALL: {
    why: 'GROUP BY ALL groups by whatever is selected, which nobody has named.',
    help: 'Name what to group by.',
  },
  GROUP_BY_LITERAL: {
    why: 'A group of a constant is no group.',
    help: 'Group by a column, or leave GROUP BY out.',
  },
  GROUPING_SETS: {
    why: 'Totals beside their parts give away suppressed groups by subtraction.',
    help: 'Ask for one grouping.',
  },
  NOT_GROUPED: {
    why: 'A query with aggregates shows a column only if it is grouped by it.',
    help: 'Add the column to GROUP BY, or aggregate it.',
  },
  DISTINCT: {
    why: 'The groups of an answer are distinct already; DISTINCT would merge groups of equal numbers.',
    help: 'Leave DISTINCT out.',
  },
  DISTINCT_ON: {
    why: 'DISTINCT ON picks a row by an order that is not shown.',
    help: 'Write SELECT DISTINCT, or group.',
  },
  DISTINCT_REQUIRED: {
    why: 'A list shows which values there are and not how often.',
    help: 'Write SELECT DISTINCT.',
  },
  LIST_EXPRESSION: {
    why: 'A list rule shows columns as they are.',
    help: 'Select listed columns without functions, and compute on the result.',
  },
  ORDER_NOT_OUTPUT: {
    why: 'An order by something that is not in the answer tells it nevertheless.',
    help: 'Order by outputs.',
  },
  LIMIT_EXPR: {
    why: 'The number of rows may not depend on data.',
    help: 'Write LIMIT with a whole number. Lists take no OFFSET.',
  },
  PARAMETER: {
    why: 'Parameters belong to approved templates.',
    help: 'Write the value into the query.',
  },
  PARAMETER_TYPE: {
    why: 'The value given for a parameter is not of the type that the template declares, or no value is given.',
    help: 'Give each parameter of the template a value of its type.',
  },
  TEMPLATE_UNKNOWN: {
    why: 'The collaboration has no such template, or its text is another one.',
    help: 'Use a template of the manifest, as it stands.',
  },
  TEMPLATE_NOT_APPROVED: {
    why: 'The table answers only templates that its owner lists and has approved by a signature.',
    help: 'Use an approved template, or ask the owner to approve this one.',
  },
  PROVIDER_NOT_ALLOWED: {
    why: 'The table answers queries of certain members only.',
    help: 'Ask the owner to list the member in allowedAnalysisProviders.',
  },
  OUTPUT_DISALLOWED: {
    why: 'The owner allows the column to be used and not to be shown, and this output is made of it.',
    help: 'Leave it out of the output, or count it.',
  },
  FOREIGN_MEASURE: {
    why: "With weights of one's own choice in one's own table, a sum over it tells who is in the overlap; the owner forbids it.",
    help: "Aggregate columns of the owner's table, or count the joined column.",
  },
  THRESHOLD_UNREACHABLE: {
    why: 'The owner demands a number of different persons behind each row of the answer, and this query does not carry them to its last aggregate.',
    help: 'Keep the column of the output constraint in every sub-query, and make the last SELECT an aggregate.',
  },
  ROLE_CANNOT_QUERY: {
    why: 'Only members with the ability CAN_QUERY ask questions.',
    help: 'Let such a member submit the query.',
  },
  RECEIVER_NOT_ALLOWED: {
    why: 'The result would go to someone who may not receive results, or not of this table.',
    help: 'Choose receivers that every table of the query allows.',
  },
  ACCESS_BUDGET: {
    why: 'The owner allows a number of queries over the table, and they are used up.',
    help: 'Wait until the budget is full again, or ask the owner for more.',
  },
} as const satisfies Readonly<Record<string, FindingText>>;
