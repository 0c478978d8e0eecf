import { describe, expect, test } from 'vitest';
import { findNearest } from '#src/errors/did-you-mean';

const KNOWN = ['email', 'region', 'spend', 'impression_date', 'age_band', 'id'];

describe('the nearest name', () => {
  test.each([
    ['emial', 'email', 'neighbours that changed places'],
    ['emai', 'email', 'a missing letter'],
    ['spendd', 'spend', 'a letter too many'],
    ['ragion', 'region', 'another letter'],
    ['REGION', 'region', 'other capitals'],
    ['impresion_dat', 'impression_date', 'several mistakes in a long name'],
  ])('of %s is %s: %s', (typed, meant) => {
    expect(findNearest(typed, KNOWN)).toBe(meant);
  });

  test.each(['e', '', 'di', 'house', 'emliaa', 'dates'])(
    'of %j is none, because every name is too far from it',
    (typed) => {
      expect(findNearest(typed, KNOWN)).toBeUndefined();
    },
  );

  test('is the one with the fewest edits, and of equal ones the first', () => {
    expect(findNearest('visit', ['visits_2', 'visits', 'visitx'])).toBe('visits');
  });

  test('is none among no names', () => {
    expect(findNearest('email', [])).toBeUndefined();
  });
});
