import { describe, expect, test } from 'vitest';
import { RateLimit, LimitedTurns } from '#src/server/limits';

describe('a rate', () => {
  test('fills with time, to its burst', () => {
    let now = 0;
    const rate = new RateLimit({ perSecond: 2, burst: 3 }, () => now);
    const take = (times: number, key = 'a'): number => {
      for (let taken = 0; ; taken += 1) {
        if (taken === times) return taken;
        try {
          rate.take(key);
        } catch {
          return taken;
        }
      }
    };
    expect(take(9)).toBe(3);
    expect(take(9, 'b')).toBe(3);
    now += 499;
    expect(take(9)).toBe(0);
    now += 1;
    expect(take(9)).toBe(1);
    now += 60_000;
    expect(take(9)).toBe(3);
  });

  test('forgets keys that are in force no more', () => {
    const rate = new RateLimit({ perSecond: 1, burst: 1 }, () => 0);
    rate.take('a');
    expect(() => rate.take('a')).toThrow('a key may ask 1 times in a second');
    rate.keep(new Set(['a']));
    expect(() => rate.take('a')).toThrow();
    rate.keep(new Set());
    rate.take('a');
  });
});

describe('turns', () => {
  test('are so many at a time, and so many for each member', async () => {
    const turns = new LimitedTurns(3, 2);
    let end: () => void = () => undefined;
    const promise = new Promise<void>((resolve) => (end = resolve));
    const wait = (member: string): Promise<void> => turns.take(member, () => promise);
    const taken = [wait('a'), wait('a')];
    await expect(wait('a')).rejects.toMatchObject({ code: 'SERVER_BUSY' });
    taken.push(wait('b'));
    await expect(wait('c')).rejects.toMatchObject({ code: 'SERVER_BUSY' });
    end();
    await Promise.all(taken);
    await expect(Promise.all([wait('a'), wait('a'), wait('c')])).resolves.toHaveLength(3);
  });

  test('are taken while something is read, and given back if reading ends early', async () => {
    const turns = new LimitedTurns(1);
    const lines = turns.stream('a', fromList([1, 2, 3]));
    expect(await lines.next()).toEqual({ done: false, value: 1 });
    await expect(turns.take('b', () => Promise.resolve())).rejects.toMatchObject({ code: 'SERVER_BUSY' });
    await lines.return(undefined);
    await turns.take('b', () => Promise.resolve());
    await expect(turns.take('b', () => Promise.reject(new Error('x')))).rejects.toThrow('x');
    await turns.take('b', () => Promise.resolve());
  });
});

async function* fromList(values: readonly number[]): AsyncGenerator<number> {
  yield* values;
}
