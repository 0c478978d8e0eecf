import type { Choices } from './choices.ts';
import { FUNCTIONS, type Type, type Value } from './functions.ts';
import { type Column, type Expression, type Row, valueIn } from './rows.ts';

const CONSTANTS: Readonly<Record<Type, readonly (readonly [sql: string, value: Value])[]>> = {
  text: [
    ["'c0'", 'c0'],
    ["'c1'", 'c1'],
    ["''", ''],
  ],
  number: [
    ['0', 0],
    ['1', 1],
    ['2.5', 2.5],
    ['-3', -3],
  ],
  date: [
    ["DATE '2024-02-29'", '2024-02-29'],
    ["DATE '2023-12-31'", '2023-12-31'],
  ],
  time: [["TIMESTAMP '2024-02-29 12:00:00'", '2024-02-29 12:00:00']],
  truth: [['true', true]],
};

/** A random expression of a type. */
export function expressionOf(type: Type, columns: readonly Column[], choices: Choices, depth: number): Expression {
  const plain = columns.filter((column) => column.type === type && column.isPerson !== true);
  if (plain.length > 0 && (depth <= 0 || choices.once(2))) {
    const { name } = choices.of(plain);
    return { sql: name, type, at: (row) => valueIn(row, name) };
  }
  if (depth <= 0 || choices.once(6)) {
    const [sql, value] = choices.of(CONSTANTS[type]);
    return { sql, type, at: () => value };
  }
  const made = choices.of(FUNCTIONS.filter(({ gives }) => gives === type));
  const parts = made.takes.map((each) => expressionOf(each, columns, choices, depth - 1));
  let next = 0;
  const sql = made.sql.replaceAll('?', () => parts[next++]?.sql ?? '');
  const at = (row: Row): Value => {
    const values = parts.map((part) => part.at(row));
    if (made.nulls === undefined && values.includes(null)) return null;
    return made.at(...(values as never[]));
  };
  return { sql, type, at };
}
