import type { FindingText } from './finding-text.ts';

/** Findings about joins, columns, aggregates and functions, and about the querying member and the receivers. */
export const RULE_FINDINGS = {
  JOIN_TYPE: {
    why: 'Joins other than INNER JOIN … ON return rows outside the overlap, pair rows that do not belong together, or hide their condition.',
    help: 'Write INNER JOIN … ON, or LEFT SEMI JOIN … ON, with an equality of join columns. A custom rule also allows LEFT, RIGHT, FULL and LEFT ANTI JOIN.',
  },
  JOIN_CONDITION: {
    why: 'A join condition consists of equalities between a column of one side and a column of the other; anything else filters or multiplies rows unseen.',
    help: 'Write `a.column = b.column`, and put filters in WHERE.',
  },
  JOIN_COLUMN: {
    why: "The column is not one of the table's join columns.",
    help: 'Join on a column that the analysis rule lists in `joinColumns`.',
  },
  JOIN_OPERATOR: {
    why: 'One of the joined tables does not allow OR between the equalities.',
    help: 'Use AND, or ask the owner to list OR in `allowedJoinOperators`.',
  },
  JOIN_NAMES: {
    why: 'Fingerprint columns with different names have different keys, so their values are never equal unless the collaboration allows such joins.',
    help: 'Join fingerprint columns that have the same name.',
  },
  JOIN_KIND: {
    why: 'A fingerprint never equals a cleartext value, and a sealed cell equals nothing.',
    help: 'Join fingerprint columns with fingerprint columns, or cleartext columns with cleartext columns.',
  },
  JOIN_REQUIRED: {
    why: 'The owner only allows queries over rows that are also in a table of the querying member.',
    help: 'Join the table with a table of the querying member.',
  },
  SELF_JOIN: {
    why: 'Joining a table with itself multiplies rows, and pairs of people pass thresholds that one person would not.',
    help: 'Use each table only once.',
  },
  COLUMN_NOT_ALLOWED: {
    why: "The owner's analysis rule does not allow this use of the column.",
    help: 'Use a column that the analysis rule lists for this use.',
  },
  FINGERPRINT_USE: {
    why: 'Fingerprints stand for people: they can be joined and counted, and under a custom rule grouped by in sub-queries. They cannot be shown, compared with values or computed with.',
    help: 'Use COUNT(DISTINCT column), or join on the column.',
  },
  SEALED_USE: {
    why: 'Sealed cells are random: they can be output to members who have the secret, and counted; any other use is meaningless.',
    help: 'Select the column, or use COUNT(column), where the analysis rule allows it.',
  },
  AGG_REQUIRED: {
    why: 'Under this rule every row of the answer has to be a statistic.',
    help: 'Add an aggregate that the analysis rule lists.',
  },
  AGG_FUNCTION: {
    why: 'This aggregate returns values of individual rows, or is not known to be safe under this rule.',
    help: 'Use an aggregate that the analysis rule allows, such as COUNT or SUM.',
  },
  AGG_NOT_ALLOWED: {
    why: 'The analysis rule does not list this aggregate for this column.',
    help: 'Use an aggregate that it lists for this column.',
  },
  AGG_ARG: {
    why: 'Under this rule an aggregate takes a bare column: an expression could single out rows within a group.',
    help: 'Write just the column, and put conditions in WHERE.',
  },
  AGG_POSITION: {
    why: 'Aggregates belong in SELECT and HAVING, and not inside one another.',
    help: 'Write it directly in SELECT; an aggregate can also be in HAVING.',
  },
  AGG_ORDER_BY: {
    why: 'The order inside an aggregate depends on columns that are not shown.',
    help: 'Leave ORDER BY out of the aggregate.',
  },
  FILTER_CLAUSE: {
    why: 'A filtered aggregate may cover only one person while its group passes the threshold.',
    help: 'Put the condition in WHERE.',
  },
  FUNCTION_NOT_ALLOWED: {
    why: 'Only functions that are known to be harmless may run; under an aggregation rule, only those of them that the rule lists.',
    help: 'Use a function of R-10, R-57 or R-62; under an aggregation rule, one that `scalarFunctions` lists.',
  },
  CASE_NOT_ALLOWED: {
    why: 'CASE is not one of the functions that an aggregation rule can list.',
    help: 'Group by the column, or filter in WHERE.',
  },
  IN_NOT_LITERAL: {
    why: 'A list after IN may only contain values that are written in the query.',
    help: 'Write values, or compare the columns with `=`.',
  },
  ARGUMENT_NOT_LITERAL: {
    why: 'This argument must be a value that is written in the query, so that no row of the data can make the function fail.',
    help: 'Write the value itself.',
  },
  PATTERN: {
    why: 'A regular expression has to mean here what it means in Spark, and must not take long whatever the data is.',
    help: 'Write characters, classes, groups, `|`, `^`, `$`, `*`, `+`, `?`, `{n,m}` and `(?i)` at the beginning.',
  },
  TYPE_MISMATCH: {
    why: 'Values of different types make the engine convert every row, and a failed conversion reveals the value.',
    help: 'Compare and compute with values of one type; use CAST where the rule allows it.',
  },
  LITERAL_FORMAT: {
    why: 'The text is not a valid value of the type that it is used as.',
    help: "Write dates as '2024-01-31' and timestamps as '2024-01-31 23:59:59'.",
  },
  LITERAL_RANGE: {
    why: 'The number is outside the range that the engine computes with exactly.',
    help: 'Write a finite number; an argument of a function can be at most 1,000,000.',
  },
  LITERAL_OUTPUT: {
    why: 'An output has to be a column or an aggregate; a constant says nothing about the data.',
    help: 'Leave out the constant.',
  },
  GROUP_BY: {
    why: 'A list rule returns rows of the overlap, which cannot be grouped.',
    help: 'Leave out GROUP BY and HAVING, and write SELECT DISTINCT.',
  },
  GROUP_BY_ALL: {
    why: 'GROUP BY ALL groups by everything that is selected, without naming it.',
    help: 'Name what to group by.',
  },
  GROUP_BY_LITERAL: {
    why: 'A constant is the same in every row, so it does not form groups.',
    help: 'Group by a column, or leave out GROUP BY.',
  },
  GROUPING_SETS: {
    why: 'Totals next to their parts reveal suppressed groups by subtraction; only a custom rule can allow them, within limits (R-61).',
    help: 'Use a single grouping, and ask for the total in a query of its own.',
  },
  NOT_GROUPED: {
    why: 'A query with aggregates can only show a column that it groups by.',
    help: 'Add the column to GROUP BY, or aggregate it.',
  },
  DISTINCT: {
    why: 'The groups of an answer are already distinct; DISTINCT would merge groups whose numbers are equal.',
    help: 'Leave out DISTINCT.',
  },
  DISTINCT_ON: {
    why: 'DISTINCT ON picks rows by an order that is not shown.',
    help: 'Write SELECT DISTINCT, or use GROUP BY.',
  },
  DISTINCT_REQUIRED: {
    why: 'A list shows which values occur, but not how often.',
    help: 'Write SELECT DISTINCT.',
  },
  LIST_EXPRESSION: {
    why: 'A list rule only shows columns unchanged.',
    help: 'Select listed columns without functions, and compute on the result.',
  },
  ORDER_NOT_OUTPUT: {
    why: 'Ordering by something that is not in the answer reveals it all the same.',
    help: 'Order by outputs only.',
  },
  LIMIT_EXPR: {
    why: 'The number of rows must not depend on the data.',
    help: 'Write LIMIT with a whole number; a list rule does not allow OFFSET.',
  },
  PARAMETER: {
    why: 'Only approved templates have parameters.',
    help: 'Write the value into the query.',
  },
  PARAMETER_TYPE: {
    why: 'A parameter without a default has no value, a value does not have the type that the template declares, or the template has no such parameter.',
    help: 'Give every parameter without a default a value of its type.',
  },
  TEMPLATE_UNKNOWN: {
    why: "The collaboration has no such template, or the query is not the template's text.",
    help: 'Use a template of the manifest exactly as it is.',
  },
  TEMPLATE_NOT_APPROVED: {
    why: 'The table only answers templates that its owner lists and has approved with a signature.',
    help: 'Use an approved template, or ask the owner to approve this one.',
  },
  PROVIDER_NOT_ALLOWED: {
    why: 'The table only answers queries from certain members.',
    help: 'Ask the owner to list the member in `allowedAnalysisProviders`.',
  },
  OUTPUT_DISALLOWED: {
    why: 'The owner allows the column to be used but not shown, and this output is derived from it.',
    help: 'Leave the column out of the output, or count it.',
  },
  FOREIGN_MEASURE: {
    why: 'A member who chooses the weights in its own table can tell from their sum who is in the overlap; the owner forbids this.',
    help: "Aggregate columns of the owner's table, or count the joined column.",
  },
  FAN_OUT: {
    why: 'A row that counts several times, or a person in several rows of the answer, lets a member test many people at the price of one.',
    help: 'Filter with `column IN (SELECT …)`, count with COUNT(DISTINCT …), and join and group by columns that are unique.',
  },
  JOIN_SIZE: {
    why: "A join whose size depends on the asking member's own repeated rows takes long only if a person is in it, so its time would be an answer.",
    help: 'Remove repeated rows from your tables, or filter with `column IN (SELECT …)`.',
  },
  THRESHOLD_UNREACHABLE: {
    why: 'The owner requires a minimum number of different people behind each row of the answer, and this query does not carry them through to its last aggregate.',
    help: 'Keep the column that identifies persons in every sub-query, and make the last SELECT an aggregate.',
  },
  PERSONS_MIXED: {
    why: 'A window or a LIMIT in a sub-query that sees rows of several persons brings the value of one of them, or an exact count, into the rows of others.',
    help: 'Add the column that identifies persons to PARTITION BY, or compute it in the last SELECT.',
  },
  COMPARISON_NOT_ALLOWED: {
    why: 'The owner limits which columns may be compared with constants or with columns, and a column that identifies persons is never compared with constants.',
    help: 'Compare with constants only columns that the rule lists in `allowedLiteralComparisonColumns`.',
  },
  ROLE_CANNOT_QUERY: {
    why: 'Only members with the ability `CAN_QUERY` may ask queries.',
    help: 'Have such a member submit the query.',
  },
  RECEIVER_NOT_ALLOWED: {
    why: 'The result would go to a member that may not receive results at all, or not from this table.',
    help: 'Choose receivers that every table of the query allows.',
  },
  ACCESS_BUDGET: {
    why: 'The owner allows a limited number of queries over the table, or of released rows, and all of them are used.',
    help: 'Wait if the budget has `autoRefresh`, which renews it when its period ends; if not, ask the owner for more.',
  },
} as const satisfies Readonly<Record<string, FindingText>>;
