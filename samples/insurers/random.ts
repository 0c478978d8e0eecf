/** A seeded source of numbers: the same seed gives the same data on every machine. For samples only, never for keys. */
export interface SeededRandom {
  /** A number in [0, 1). */
  next(): number;
  /** An integer in [low, high], both inclusive. */
  int(low: number, high: number): number;
  /** True with the given probability. */
  chance(probability: number): boolean;
  /** One of the items. @throws {RangeError} if there are none */
  pick<T>(items: readonly T[]): T;
  /** A shuffled copy. */
  shuffle<T>(items: readonly T[]): T[];
}

/** Makes a `SeededRandom` (the sfc32 generator, integer arithmetic only). */
export function createSeededRandom(seed: number): SeededRandom {
  let a = seed | 0;
  let b = 0x9e3779b9 | 0;
  let c = 0x243f6a88 | 0;
  let counter = 1;
  const next = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    return (t >>> 0) / 0x1_0000_0000;
  };
  for (let i = 0; i < 15; i++) next();

  const int = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  const pick = <T>(items: readonly T[]): T => {
    const index = int(0, items.length - 1);
    if (index < 0 || index >= items.length) throw new RangeError('nothing to pick from');
    return items[index] as T;
  };
  const shuffle = <T>(items: readonly T[]): T[] => {
    const keyed = items.map((item) => ({ item, key: next() }));
    keyed.sort((x, y) => x.key - y.key);
    return keyed.map(({ item }) => item);
  };
  return { next, int, chance: (probability) => next() < probability, pick, shuffle };
}
