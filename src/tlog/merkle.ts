import { equalConstantTime } from '../bytes/index.ts';
import { SealroomError } from '../errors/index.ts';
import { sha256 } from '../platform/index.ts';

/** Bytes of a hash: SHA-256. */
export const HASH_BYTES = 32;

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** The root of a tree without leaves: SHA-256 of nothing. RFC 6962 §2.1. */
function emptyRoot(): Uint8Array {
  return sha256();
}

/** The hash of a leaf: `SHA-256(00 ‖ data)`. RFC 6962 §2.1. */
export function hashLeaf(data: Uint8Array): Uint8Array {
  //= audit A-11
  return sha256(LEAF, data);
}

function hashNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  //= audit A-11
  return sha256(NODE, left, right);
}

/** The size and root of a tree, as a checkpoint states them. */
export interface TreeHead {
  /** The number of leaves. */
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
}

/**
 * The right edge of a growing tree: what is needed to add leaves and to compute the root. Its memory grows with the logarithm of the
 * number of leaves.
 */
export class TreeEdge {
  /** Roots of the perfect subtrees that the leaves split into, the largest first. */
  readonly #roots: Uint8Array[] = [];
  #newestPath: readonly Uint8Array[] = [];
  #size = 0;

  /** The number of leaves. */
  get size(): number {
    return this.#size;
  }

  /** Adds the hash of a leaf. */
  add(leaf: Uint8Array): void {
    let root = leaf;
    // Left of the newest leaf are perfect subtrees only; the smallest is its nearest sibling.
    this.#newestPath = this.#roots.toReversed();
    // Two perfect subtrees of the same height merge into one that is one higher, like a carry in addition.
    for (let rest = this.#size; rest % 2 === 1; rest = (rest - 1) / 2) {
      const left = this.#roots.pop();
      if (left === undefined) throw new Error('a tree has a root for each bit of its size');
      root = hashNode(left, root);
    }
    this.#roots.push(root);
    this.#size++;
  }

  /** The root over all leaves so far. */
  root(): Uint8Array {
    let root: Uint8Array | undefined;
    for (const left of this.#roots.toReversed()) root = root === undefined ? left : hashNode(left, root);
    return root ?? emptyRoot();
  }

  /** The proof that the newest leaf is in the tree: the hashes of RFC 6962 §2.1.1. Empty for one leaf and for none. */
  proveNewest(): readonly Uint8Array[] {
    return this.#newestPath;
  }

  /** The size and the root. */
  head(): TreeHead {
    return { size: this.#size, root: this.root() };
  }
}

/** A whole tree, for proofs; it needs 64 bytes for each leaf. */
export class HashTree {
  /** The hashes of perfect subtrees of 1, 2, 4, ... leaves, from the first leaf on. */
  readonly #levels: readonly (readonly Uint8Array[])[];
  readonly size: number;

  constructor(leaves: readonly Uint8Array[]) {
    const levels = [leaves];
    for (let level = leaves; level.length > 1;) {
      const above: Uint8Array[] = [];
      let left: Uint8Array | null = null;
      for (const hash of level) {
        if (left !== null) above.push(hashNode(left, hash));
        left = left === null ? hash : null;
      }
      levels.push(above);
      level = above;
    }
    this.#levels = levels;
    this.size = leaves.length;
  }

  /** The root over the first `size` leaves. */
  root(size = this.size): Uint8Array {
    return size === 0 ? emptyRoot() : this.range(0, size);
  }

  /** The root over the leaves `[from, to)`; `from` is a multiple of the largest power of two that is at most their number. */
  range(from: number, to: number): Uint8Array {
    const count = to - from;
    const height = Math.log2(count);
    const known = Number.isInteger(height) ? this.#levels[height]?.[from / count] : undefined;
    if (known !== undefined) return known;
    const middle = from + splitPoint(count);
    return hashNode(this.range(from, middle), this.range(middle, to));
  }
}

/** The largest power of two below a number of at least 2. */
function splitPoint(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

/**
 * The proof that a leaf is in a tree: the audit path of RFC 6962 §2.1.1, the leaf's sibling first.
 *
 * @throws {SealroomError} AUDIT_PROOF if there is no leaf `index`.
 */
export function proveInclusion(tree: HashTree, index: number): readonly Uint8Array[] {
  if (!Number.isInteger(index) || index < 0 || index >= tree.size) {
    throw new SealroomError(
      'AUDIT_PROOF',
      `there is no record ${String(index)}: the log has ${String(tree.size)} records, counted from 0`,
    );
  }
  const path: Uint8Array[] = [];
  let [from, to] = [0, tree.size];
  while (to - from > 1) {
    const middle = from + splitPoint(to - from);
    path.push(index < middle ? tree.range(middle, to) : tree.range(from, middle));
    [from, to] = index < middle ? [from, middle] : [middle, to];
  }
  return path.reverse();
}

/**
 * The proof that the tree over the first `size` leaves grew into the whole tree: RFC 6962 §2.1.2. It is empty for `size` 0
 * and for the whole tree.
 *
 * @throws {SealroomError} AUDIT_PROOF if there are fewer leaves.
 */
export function proveConsistency(tree: HashTree, size: number): readonly Uint8Array[] {
  if (!Number.isInteger(size) || size < 0 || size > tree.size) {
    throw new SealroomError('AUDIT_PROOF', `the log has only ${String(tree.size)} records, not ${String(size)}`);
  }
  if (size === 0) return [];
  const path: Uint8Array[] = [];
  let [from, to] = [0, tree.size];
  while (size < to) {
    const middle = from + splitPoint(to - from);
    path.push(size <= middle ? tree.range(middle, to) : tree.range(from, middle));
    [from, to] = size <= middle ? [from, middle] : [middle, to];
  }
  // What remains is the older tree or its last subtree; the verifier only knows the root of the whole older tree.
  if (from > 0) path.push(tree.range(from, to));
  return path.reverse();
}

/** Whether a proof shows that the tree has a leaf of this hash at `index`. RFC 9162 §2.1.3.2. */
export function verifyInclusion(
  head: TreeHead,
  index: number,
  leaf: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  if (!Number.isInteger(index) || index < 0 || index >= head.size) return false;
  let node = index;
  let last = head.size - 1;
  let root = leaf;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      root = hashNode(sibling, root);
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      root = hashNode(root, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && equalConstantTime(root, head.root);
}

/** Whether a proof shows that the tree `older` grew into the tree `newer`. RFC 9162 §2.1.4.2. */
export function verifyConsistency(older: TreeHead, newer: TreeHead, proof: readonly Uint8Array[]): boolean {
  if (older.size > newer.size) return false;
  if (older.size === newer.size) return proof.length === 0 && equalConstantTime(older.root, newer.root);
  if (older.size === 0) return proof.length === 0 && equalConstantTime(older.root, emptyRoot());
  let node = older.size - 1;
  let last = newer.size - 1;
  while (node % 2 === 1) [node, last] = [half(node), half(last)];
  // Where the older tree is perfect, its root begins the path.
  const [first, ...path] = node === 0 ? [older.root, ...proof] : proof;
  if (first === undefined) return false;
  let olderRoot = first;
  let newerRoot = first;
  for (const sibling of path) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      olderRoot = hashNode(sibling, olderRoot);
      newerRoot = hashNode(sibling, newerRoot);
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      newerRoot = hashNode(newerRoot, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && equalConstantTime(olderRoot, older.root) && equalConstantTime(newerRoot, newer.root);
}

/** Sizes may exceed the 32 bits that the shift operators keep. */
function half(value: number): number {
  return Math.floor(value / 2);
}
