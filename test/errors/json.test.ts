import { expect, test } from 'vitest';
import { isList, isRecord, parseJson } from '#src/errors/index';

test('JSON is its value, other text is undefined, which no JSON is', () => {
  expect(parseJson('{"a":[1,null]}')).toEqual({ a: [1, null] });
  expect(parseJson(' null ')).toBe(null);
  for (const text of ['', 'undefined', '{"a":1', '{"a":1}x', "{'a':1}", '\uFEFF{}'])
    expect(parseJson(text)).toBe(undefined);
});

test('an object is a record, an array is a list, and nothing is both', () => {
  const values = [{}, { a: 1 }, Object.create(null), [], [1], null, undefined, 'a', 1, true];
  expect(values.map(isRecord)).toEqual([true, true, true, ...values.slice(3).map(() => false)]);
  expect(values.map(isList)).toEqual(values.map((value) => Array.isArray(value)));
});
