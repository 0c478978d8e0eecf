import { describe, expect, test } from 'vitest';
import {
  HashTree,
  hashLeaf,
  proveConsistency,
  proveInclusion,
  verifyConsistency,
  verifyInclusion,
} from 'sealroom/audit';
import { TreeEdge } from '#src/tlog/merkle';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** The leaves and roots that the tests of Certificate Transparency's implementations share. */
const CT_LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map((text) => hashLeaf(Buffer.from(text, 'hex')));
const CT_ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

/** Proofs of the same tests: leaf and size, or older and newer size. */
const CT_INCLUSION = [
  [0, 1, []],
  [
    0,
    8,
    [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  ],
  [
    5,
    8,
    [
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
] as const;

const SIZES = Array.from({ length: 71 }, (_, size) => size);
const leaves = SIZES.slice(1).map((size) => hashLeaf(Uint8Array.of(size)));
const trees = SIZES.map((size) => new HashTree(leaves.slice(0, size)));
const heads = trees.map((tree) => ({ size: tree.size, root: tree.root() }));

function flip(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, index) => (index === 7 ? byte ^ 1 : byte));
}

/** Proofs that are wrong in one way each. */
function spoil(proof: readonly Uint8Array[]): readonly (readonly Uint8Array[])[] {
  const some = hashLeaf(Uint8Array.of(200));
  return [
    [...proof, some],
    [some, ...proof],
    ...proof.map((_, index) => proof.filter((_hash, other) => other !== index)),
    ...proof.map((hash, index) => proof.with(index, flip(hash))),
  ];
}

describe('A-11 the tree is that of RFC 6962', () => {
  test.each(CT_ROOTS.map((root, size) => [size, root] as const))('over %i leaves', (size, root) => {
    expect(hex(new HashTree(CT_LEAVES.slice(0, size)).root())).toBe(root);
  });

  test.each(CT_INCLUSION)('proves leaf %i of %i', (index, size, proof) => {
    expect(proveInclusion(new HashTree(CT_LEAVES.slice(0, size)), index).map(hex)).toEqual(proof);
  });

  test('an edge that grows has the root of the whole tree at each size', () => {
    const edge = new TreeEdge();
    for (const leaf of leaves) {
      edge.add(leaf);
      expect(edge.root()).toEqual(trees[edge.size]?.root());
    }
  });
});

describe('proofs of inclusion', () => {
  test('of each leaf in each tree up to 70 leaves verify, and spoilt ones do not', () => {
    for (const [size, tree] of trees.entries()) {
      const head = { size, root: tree.root() };
      for (const [index, leaf] of leaves.slice(0, size).entries()) {
        const proof = proveInclusion(tree, index);
        expect(verifyInclusion(head, index, leaf, proof)).toBe(true);
        expect(verifyInclusion(head, index, flip(leaf), proof)).toBe(false);
        expect(verifyInclusion({ size, root: flip(head.root) }, index, leaf, proof)).toBe(false);
        if (size > 1) expect(verifyInclusion(head, (index + 1) % size, leaf, proof)).toBe(false);
        for (const wrong of spoil(proof)) expect(verifyInclusion(head, index, leaf, wrong)).toBe(false);
      }
    }
  });

  test('are refused outside of the tree', () => {
    const [head] = heads;
    expect(head !== undefined && verifyInclusion(head, 0, hashLeaf(new Uint8Array()), [])).toBe(false);
    for (const index of [-1, 3, 0.5]) {
      expect(() => proveInclusion(new HashTree(leaves.slice(0, 3)), index)).toThrow('the log has 3 records');
    }
  });
});

describe('proofs of growth', () => {
  test('between each two sizes up to 70 verify, and spoilt ones do not', () => {
    for (const [size, tree] of trees.entries()) {
      const newer = { size, root: tree.root() };
      for (const older of heads.slice(0, size + 1)) {
        const proof = proveConsistency(tree, older.size);
        expect(verifyConsistency(older, newer, proof)).toBe(true);
        for (const wrong of spoil(proof)) expect(verifyConsistency(older, newer, wrong)).toBe(false);
        expect(verifyConsistency({ ...older, root: flip(older.root) }, newer, proof)).toBe(false);
        // From nothing, everything grows.
        if (older.size > 0) expect(verifyConsistency(older, { size, root: flip(newer.root) }, proof)).toBe(false);
        if (older.size > 1) expect(verifyConsistency({ ...older, size: older.size - 1 }, newer, proof)).toBe(false);
      }
    }
  });

  test('do not lead to a smaller tree', () => {
    const [, one, two] = heads;
    expect(one !== undefined && two !== undefined && verifyConsistency(two, one, [])).toBe(false);
    expect(() => proveConsistency(new HashTree(leaves.slice(0, 3)), 4)).toThrow('the log has only 3 records, not 4');
  });
});
