import { expect } from 'vitest';
import { SealroomError } from '#src/errors/sealroom-error';

/** The SealroomError that `act` throws. */
export function catchError(act: () => unknown): SealroomError {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(SealroomError);
    if (error instanceof SealroomError) return error;
  }
  return expect.fail('expected an error, got none');
}

/** A table schema's JSON with a header row. */
export function mapped(...columns: readonly unknown[]): string {
  return JSON.stringify({ headerRow: true, columns });
}

/** A table schema's JSON without a header row. */
export function positional(...columns: readonly unknown[]): string {
  return JSON.stringify({ headerRow: false, columns });
}
