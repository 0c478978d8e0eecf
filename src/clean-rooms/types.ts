/** Names of Glue, Spark and Redshift, and the manifest's names for the same types. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ['string', 'VARCHAR'],
  ['text', 'VARCHAR'],
  ['varchar', 'VARCHAR'],
  ['char', 'VARCHAR'],
  ['character', 'VARCHAR'],
  ['character varying', 'VARCHAR'],
  ['boolean', 'BOOLEAN'],
  ['bool', 'BOOLEAN'],
  ['tinyint', 'TINYINT'],
  ['byte', 'TINYINT'],
  ['smallint', 'SMALLINT'],
  ['short', 'SMALLINT'],
  ['int', 'INTEGER'],
  ['integer', 'INTEGER'],
  ['bigint', 'BIGINT'],
  ['long', 'BIGINT'],
  ['float', 'FLOAT'],
  ['real', 'FLOAT'],
  ['double', 'DOUBLE'],
  ['double precision', 'DOUBLE'],
  ['double_precision', 'DOUBLE'],
  ['date', 'DATE'],
  ['timestamp', 'TIMESTAMP'],
  ['timestamp_ntz', 'TIMESTAMP'],
  ['timestamp without time zone', 'TIMESTAMP'],
  ['decimal', 'DECIMAL(10,0)'],
  ['numeric', 'DECIMAL(10,0)'],
]);

const TEXT_WITH_LENGTH = /^(?:var)?char\s*\(\s*\d+\s*\)$/;
const DECIMAL = /^(?:decimal|numeric|dec)\s*\(\s*(\d{1,2})\s*(?:,\s*(\d{1,2})\s*)?\)$/;

/** The manifest's name of a type as AWS Glue or Spark writes it, or `null` if it has none, such as for an array. */
export function typeFromGlue(type: string): string | null {
  const name = type.trim().toLowerCase();
  const known = TYPES.get(name);
  if (known !== undefined) return known;
  if (TEXT_WITH_LENGTH.test(name)) return 'VARCHAR';
  const [, precision, scale = '0'] = DECIMAL.exec(name) ?? [];
  return precision === undefined ? null : `DECIMAL(${precision},${scale})`;
}

/** The manifest's name of the type of a template's parameter, or `null`: a decimal there says no precision. */
export function typeOfParameter(type: string): string | null {
  const name = type.trim().toLowerCase();
  return name === 'decimal' || name === 'numeric' ? null : typeFromGlue(name);
}
