// The memory map, and the checks of what lies in it. Every region has a fixed place and size, except the last, IO, which ends
// where the memory ends.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sealroom {

/** Rows whose keys are in memory at a time; a batch of the product never has more. */
constexpr int32_t SLOTS = 2048;
/** Cells that are worked on side by side, one step after another. */
constexpr int32_t LANES = 8;
/** Bytes after a buffer that loads and stores of whole vectors may reach. */
constexpr uint32_t SLACK = 64;
/** Most bytes of the prefix of values. */
constexpr int32_t AFFIX_BYTES = 12'288;
constexpr uint32_t BODIES_BYTES = LANES * (12'288 + 2 * SLACK);

/** What is derived from one nonce: secret, wiped by `wipeSlots`. */
struct alignas(16) Slot {
  /** The 15 round keys of AES-256; the first two are the cell key. */
  uint8_t roundKeys[15][16];
  /** H of GHASH and the GHASH of the additional data `02:enc:`, both in the form of `ghash.h`. */
  uint8_t hashKey[16];
  uint8_t aadProduct[16];
  uint8_t nonce[32];
};

/** The description of a cell; see `sealCells`, `openCells` and `fingerprintCells`. */
struct Cell {
  int32_t fields[8];
};

/** Values of a call that are secret: wiped by `wipeCall`. */
struct alignas(16) Scratch {
  /** A key as bytes, from outside: the sealing root or a fingerprint key. */
  uint8_t key[32];
  /** The sealing root as words. */
  uint8_t rootWords[32];
  /** States of SHA-256 after the inner and the outer key block of HMAC. */
  uint8_t inner[32];
  uint8_t outer[32];
  /** A block of the target header as bytes, from outside; room for two. */
  uint8_t header[128];
  /** State of SHA-256 after the whole blocks of the target header. */
  uint8_t headerState[32];
  /** The last one or two blocks of the IV's hash, the nonce zero. */
  uint8_t ivTemplate[128];
  /** The encryption of each lane's first counter block: the mask of its tag. */
  uint8_t tagMasks[LANES][16];
};

/** All regions of fixed size. */
struct alignas(64) Layout {
  /** A place of 0, which is none, lies in here. */
  uint8_t unused[4096];
  Slot slots[SLOTS];
  /** The nonces of the window's rows, for sealing. */
  uint8_t rowNonces[SLOTS][32];
  /** The IV of each cell, for sealing: 16 bytes, of which 12 are used. */
  uint8_t ivs[SLOTS][16];
  Cell cells[SLOTS];
  Scratch scratch;
  /** The prefix of values, from outside. */
  uint8_t prefix[AFFIX_BYTES + SLACK];
  /** The bodies of eight cells before their Base64: nonce, IV, payload, tag. */
  uint8_t bodies[BODIES_BYTES + SLACK];
};

/**
 * Where values and cells begin: where they do in the WebAssembly modules, so that a place in IO is the same number in both, and
 * tests can compare their memories. The pages in between are never touched.
 */
constexpr uint32_t IO = 2'014'272;
static_assert(sizeof(Layout) <= IO);

/** Thrown where WebAssembly would trap: what is in memory breaks the rules of a call. */
struct Trap {};

[[noreturn]] inline void trap() { throw Trap{}; }

}  // namespace sealroom
