import { growMemory } from '../bytes/index.ts';
import { sha256 } from '../platform/index.ts';
import { HASH_BYTES, TreeEdge } from '../tlog/index.ts';
import { createHashModule, type HashModule } from './hash-module.ts';

/** Numbers of 32 bits in a hash. */
const WORDS = HASH_BYTES / 4;
/** Most pairs of nodes that are hashed at a time. */
const PART_PAIRS = 8192;
/** Buckets with more hashes are sorted by the runtime's sort. */
const MOST_INSERTED = 32;

/**
 * The hashes of a table's rows, in any order and each as often as it was added. It keeps 32 bytes for each row, and needs twice as much
 * to compute the root.
 */
export class RowBag {
  #parts: Uint8Array<ArrayBuffer>[] = [];
  #rows = 0;

  /** Number of hashes. */
  get rows(): number {
    return this.#rows;
  }

  /** Adds hashes of 32 bytes each, one after another from the beginning of a buffer, which belongs to the bag from then on. */
  add(hashes: Uint8Array<ArrayBuffer>): void {
    this.#parts.push(hashes);
    this.#rows += hashes.length / HASH_BYTES;
  }

  /** The root of the tree over the sorted hashes (format F-96): 32 bytes. The bag is empty afterwards. */
  //= format F-96
  takeRoot(module = createHashModule()): Uint8Array {
    const [parts, rows] = [this.#parts, this.#rows];
    this.#parts = [];
    this.#rows = 0;
    if (rows === 0) return sha256();
    const sorted = sortHashes(parts, rows);
    return module === null ? plainRoot(sorted) : rootOf(module, sorted, rows);
  }
}

/**
 * Sorts hashes as byte strings: by their first byte, then each of these parts, which fit into a processor's cache, by the next bits, and
 * what is then still together by comparing.
 */
function sortHashes(parts: readonly Uint8Array<ArrayBuffer>[], rows: number): Uint8Array<ArrayBuffer> {
  const words = parts.map(({ buffer, byteOffset, length }) => new Uint32Array(buffer, byteOffset, length / 4));
  const sorted = new Uint32Array(rows * WORDS);
  const starts = distribute(words, sorted, FIRST_BITS);
  for (let part = 0; part < starts.length; part++) {
    const [first, last] = [starts[part] ?? 0, starts[part + 1] ?? rows];
    const hashes = sorted.subarray(first * WORDS, last * WORDS);
    if (last - first <= MOST_INSERTED) {
      sortBucket(hashes, 0, last - first);
      continue;
    }
    const ends = distribute([hashes.slice()], hashes, NEXT_BITS);
    for (let bucket = 0; bucket < ends.length; bucket++) {
      sortBucket(hashes, ends[bucket] ?? 0, ends[bucket + 1] ?? last - first);
    }
  }
  return new Uint8Array(sorted.buffer);
}

/** Bits by which hashes are distributed: `count` of them after the first `skipped`. */
interface Bits {
  readonly skipped: number;
  readonly count: number;
}

const FIRST_BITS: Bits = { skipped: 0, count: 8 };
/** As many buckets as there are hashes in a part, if there are a million rows. */
const NEXT_BITS: Bits = { skipped: 8, count: 12 };

/** Writes hashes to `target` in the order of some of their bits, and returns where each bucket begins. */
function distribute(sources: readonly Uint32Array[], target: Uint32Array, { skipped, count }: Bits): Uint32Array {
  const shift = 32 - count;
  const starts = new Uint32Array(2 ** count);
  for (const source of sources) {
    for (let at = 0; at < source.length; at += WORDS) {
      const bucket = (swapBytes(source[at] ?? 0) << skipped) >>> shift;
      starts[bucket] = (starts[bucket] ?? 0) + 1;
    }
  }
  for (let bucket = 1; bucket < starts.length; bucket++) {
    starts[bucket] = (starts[bucket] ?? 0) + (starts[bucket - 1] ?? 0);
  }
  // From the end of each bucket to its beginning.
  for (const source of sources) {
    for (let at = 0; at < source.length; at += WORDS) {
      const bucket = (swapBytes(source[at] ?? 0) << skipped) >>> shift;
      const place = (starts[bucket] ?? 0) - 1;
      starts[bucket] = place;
      copyHash(source, at, target, place * WORDS);
    }
  }
  return starts;
}

function sortBucket(hashes: Uint32Array, first: number, last: number): void {
  if (last - first > MOST_INSERTED) {
    const places = Array.from({ length: last - first }, (_, index) => (first + index) * WORDS);
    places.sort((a, b) => compareHashes(hashes, a, hashes, b));
    const copy = new Uint32Array(places.length * WORDS);
    places.forEach((place, index) => {
      copyHash(hashes, place, copy, index * WORDS);
    });
    hashes.set(copy, first * WORDS);
    return;
  }
  if (last - first < 2) return;
  const moved = new Uint32Array(WORDS);
  for (let next = first + 1; next < last; next++) {
    let place = next;
    while (place > first && compareHashes(hashes, (place - 1) * WORDS, hashes, next * WORDS) > 0) place--;
    if (place === next) continue;
    copyHash(hashes, next * WORDS, moved, 0);
    hashes.copyWithin((place + 1) * WORDS, place * WORDS, next * WORDS);
    copyHash(moved, 0, hashes, place * WORDS);
  }
}

function copyHash(source: Uint32Array, from: number, target: Uint32Array, to: number): void {
  for (let word = 0; word < WORDS; word++) target[to + word] = source[from + word] ?? 0;
}

/** Compares hashes as byte strings. */
function compareHashes(a: Uint32Array, atA: number, b: Uint32Array, atB: number): number {
  for (let word = 0; word < WORDS; word++) {
    const x = a[atA + word] ?? 0;
    const y = b[atB + word] ?? 0;
    if (x !== y) return swapBytes(x) - swapBytes(y);
  }
  return 0;
}

/** The number whose first byte is the lowest of another; the machine has the lowest first. */
function swapBytes(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}

/** Computes the levels of the tree in the place of its leaves. A node without a neighbour moves up, as RFC 6962 §2.1 splits. */
function rootOf(module: HashModule, nodes: Uint8Array<ArrayBuffer>, rows: number): Uint8Array {
  const at = module.freeAt.value;
  growMemory(module.memory, at + PART_PAIRS * 2 * HASH_BYTES);
  const memory = new Uint8Array(module.memory.buffer);
  for (let count = rows; count > 1; count = Math.ceil(count / 2)) {
    const pairs = Math.floor(count / 2);
    for (let first = 0; first < pairs; first += PART_PAIRS) {
      const part = Math.min(PART_PAIRS, pairs - first);
      memory.set(nodes.subarray(first * 2 * HASH_BYTES, (first + part) * 2 * HASH_BYTES), at);
      module.hashNodes(at, part, at);
      nodes.set(memory.subarray(at, at + part * HASH_BYTES), first * HASH_BYTES);
    }
    if (count % 2 === 1) nodes.copyWithin(pairs * HASH_BYTES, (count - 1) * HASH_BYTES, count * HASH_BYTES);
  }
  return nodes.slice(0, HASH_BYTES);
}

function plainRoot(sorted: Uint8Array): Uint8Array {
  const edge = new TreeEdge();
  for (let at = 0; at < sorted.length; at += HASH_BYTES) edge.add(sorted.subarray(at, at + HASH_BYTES));
  return edge.root();
}
