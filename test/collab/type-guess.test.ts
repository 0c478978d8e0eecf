import { describe, expect, test } from 'vitest';
import { TypeGuess } from '#src/collab/type-guess';

function guess(...values: readonly string[]): string {
  const found = new TypeGuess();
  for (const value of values) found.add(value);
  return found.type();
}

describe('the type of a column of text is the narrowest that all of its values have', () => {
  test.each([
    [['1', '-20', '+3'], 'BIGINT'],
    [['999999999999999999'], 'BIGINT'],
    [['1', '2.50'], 'DECIMAL(18,2)'],
    [['0.1234'], 'DECIMAL(18,4)'],
    [['1.5', '2e3'], 'DOUBLE'],
    [['123456789012345.6789'], 'DOUBLE'],
    [['2026-01-01', '2026-12-31'], 'DATE'],
    [['2026-01-01', '2026-01-01 10:00:00'], 'TIMESTAMP'],
    [['true', 'False'], 'BOOLEAN'],
    [['shoes', '1'], 'VARCHAR'],
    [['1', '2.5', 'n/a'], 'VARCHAR'],
    [[''], 'VARCHAR'],
    [[], 'VARCHAR'],
  ])('%j is %s', (values, type) => {
    expect(guess(...values)).toBe(type);
  });

  test('a code of digits stays text: a zero in front would be lost, and a long one rounded', () => {
    expect(guess('01067', '10115')).toBe('VARCHAR');
    expect(guess('4006381333931', '40063813339310000000000')).toBe('VARCHAR');
    expect(guess('1,5')).toBe('VARCHAR');
  });
});
