import type { Dialect } from '../../../collab/index.ts';
import { MATCHES } from '../../parse/spark/calls.ts';

/** Functions that operators of a dialect mean, by what the parser calls the operators that they are read as. */
const OPERATOR_FUNCTIONS: Readonly<Record<Dialect, ReadonlyMap<string, string>>> = {
  spark: new Map([
    [MATCHES, 'regexp_like'],
    ['//', 'div'],
  ]),
  duckdb: new Map(),
};

/** The function that an operator or its name in the parser means in a dialect, if it is not an operator there. */
export function functionMeant(name: string, dialect: Dialect): string | undefined {
  return OPERATOR_FUNCTIONS[dialect].get(name);
}
