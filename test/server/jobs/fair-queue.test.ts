import { describe, expect, test } from 'vitest';
import { FairQueue } from '#src/server/jobs/fair-queue';

function queueOf(...items: readonly string[]): FairQueue<string> {
  const queue = new FairQueue<string>();
  // The member of an item is its first character.
  for (const item of items) queue.add(item.slice(0, 1), item);
  return queue;
}

function takeAll(queue: FairQueue<string>): readonly string[] {
  const taken: string[] = [];
  for (let item = queue.take(); item !== undefined; item = queue.take()) taken.push(item);
  return taken;
}

describe('a queue that is fair among members', () => {
  test('gives a member with one item its turn before the second item of another', () => {
    const queue = queueOf('a1', 'a2', 'a3', 'a4', 'a5');
    expect(queue.take()).toBe('a1');
    queue.add('b', 'b1');
    expect(takeAll(queue)).toEqual(['a2', 'b1', 'a3', 'a4', 'a5']);
  });

  test('keeps the order of each member, and goes round', () => {
    expect(takeAll(queueOf('a1', 'a2', 'b1', 'c1', 'c2', 'a3', 'c3'))).toEqual([
      'a1',
      'b1',
      'c1',
      'a2',
      'c2',
      'a3',
      'c3',
    ]);
  });

  test('says how many items come before one, and is right', () => {
    const items = ['a1', 'a2', 'a3', 'b1', 'c1', 'c2', 'c3', 'd1'];
    const queue = queueOf(...items);
    const expected = new Map(items.map((item) => [queue.positionOf(item), item]));
    expect(takeAll(queue)).toEqual(
      [...expected.keys()].sort((a, b) => a - b).map((position) => expected.get(position)),
    );
    expect(queue.positionOf('a1')).toBe(0);
  });

  test('counts what waits, and lets an item go out of turn', () => {
    const queue = queueOf('a1', 'a2', 'b1');
    expect([queue.size, queue.sizeOf('a'), queue.sizeOf('b'), queue.sizeOf('c')]).toEqual([3, 2, 1, 0]);
    expect(queue.remove('b1')).toBe(true);
    expect(queue.remove('b1')).toBe(false);
    expect([queue.size, queue.sizeOf('b')]).toEqual([2, 0]);
    expect(takeAll(queue)).toEqual(['a1', 'a2']);
    expect(queue.size).toBe(0);
  });
});
