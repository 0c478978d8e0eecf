import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SealroomError } from '#src/errors/sealroom-error';
import { HIGH_ASSURANCE, LOW_ASSURANCE, parseSettings, readSettings, SETTING_NAMES } from 'sealroom/collab';

function catchError(act: () => unknown): SealroomError {
  try {
    act();
  } catch (error) {
    if (error instanceof SealroomError) return error;
    throw error;
  }
  return expect.fail('expected an error, got none');
}

describe('presets', () => {
  test('high assurance forbids everything, low assurance allows everything', () => {
    expect(Object.values(HIGH_ASSURANCE)).toEqual([false, false, false, false]);
    expect(Object.values(LOW_ASSURANCE)).toEqual([true, true, true, true]);
    expect(Object.keys(HIGH_ASSURANCE)).toEqual(SETTING_NAMES);
    expect(Object.isFrozen(HIGH_ASSURANCE) && Object.isFrozen(LOW_ASSURANCE)).toBe(true);
  });
});

describe('reading settings', () => {
  const settings = fc.record({
    allowCleartext: fc.boolean(),
    allowDuplicates: fc.boolean(),
    allowJoinsOnColumnsWithDifferentNames: fc.boolean(),
    preserveNulls: fc.boolean(),
  });

  test('reads what was written, bare or as the API returns it', () => {
    fc.assert(
      fc.property(settings, (given) => {
        for (const json of [
          given,
          { dataEncryptionMetadata: given },
          { collaboration: { id: 'x', name: 'y', dataEncryptionMetadata: given } },
        ]) {
          const read = parseSettings(JSON.stringify(json));
          expect(read).toEqual(given);
          expect(Object.isFrozen(read)).toBe(true);
        }
      }),
    );
  });

  test('reads past a byte order mark', () => {
    expect(parseSettings(`\uFEFF${JSON.stringify(HIGH_ASSURANCE)}`)).toEqual(HIGH_ASSURANCE);
  });

  test.each(SETTING_NAMES)('refuses settings without %s', (name) => {
    const members = Object.fromEntries(Object.entries(LOW_ASSURANCE).filter(([key]) => key !== name));
    expect(catchError(() => readSettings(members))).toMatchObject({
      code: 'USAGE_OPTION',
      message: `setting \`${name}\`: expected true or false, got nothing`,
    });
  });

  test.each([1, 'true', null, [], {}])('refuses %j as a setting', (value) => {
    const error = catchError(() => readSettings({ ...LOW_ASSURANCE, preserveNulls: value }));
    expect(error.message).toContain('setting `preserveNulls`: expected true or false, got');
  });

  test('refuses a setting it does not know: it may forbid something', () => {
    expect(catchError(() => readSettings({ ...LOW_ASSURANCE, allowEverything: true })).message).toBe(
      '`allowEverything` is not a setting',
    );
  });

  test('tells all problems', () => {
    const error = catchError(() =>
      readSettings({ allowCleartext: 1, allowDuplicates: true, preserveNulls: true, x: 1 }),
    );
    expect(error.message).toContain('`allowCleartext`');
    expect(error.hint).toContain('`allowJoinsOnColumnsWithDifferentNames`: expected true or false, got nothing');
    expect(error.hint).toContain('`x` is not a setting');
  });

  test.each([
    'null',
    '[]',
    '7',
    '"x"',
    '{"collaboration": null}',
    '{"collaboration": {}}',
    '{"dataEncryptionMetadata": null}',
  ])('refuses %s', (text) => {
    const error = catchError(() => parseSettings(text, { file: 's.json' }));
    expect(error).toMatchObject({ code: 'USAGE_OPTION', where: { file: 's.json' } });
    expect(error.message).toContain('settings: expected an object');
  });

  test('refuses other text, and does not repeat it: it may be a secret', () => {
    const text = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';
    const error = catchError(() => parseSettings(text, { file: 's.json' }));
    expect(error.code).toBe('USAGE_OPTION');
    expect(error.cause).toBeUndefined();
    expect(`${error.message} ${error.hint ?? ''} ${error.stack ?? ''}`).not.toContain('AAEC');
  });
});
