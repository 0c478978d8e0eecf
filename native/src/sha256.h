// SHA-256 (FIPS 180-4 §6.2) with the SHA instructions, of several messages side by side: one message alone waits for each
// instruction, two keep the unit busy.
#pragma once

#include "vector.h"

namespace sealroom {

/** Messages that are hashed side by side. */
constexpr int STREAMS = 2;

/** A state in the order of the instructions: words A, B, E, F and C, D, G, H, the first of them highest. */
struct HashState {
  __m128i abef;
  __m128i cdgh;
};

/** The 16 words of a block. */
struct Block {
  __m128i words[4];
};

struct alignas(16) Words64 {
  uint32_t words[64];
};

/** FIPS 180-4 §4.2.2. */
inline constexpr Words64 ROUND_CONSTANTS = {{
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
}};

constexpr uint32_t rotateRight(uint32_t x, int bits) { return x >> bits | x << (32 - bits); }

/** `K + W` of the block that ends a message of 64 bytes: it and its schedule are always the same. */
constexpr Words64 paddingSums() {
  Words64 sums{};
  uint32_t w[64] = {};
  w[0] = 0x80000000;
  w[15] = 512;
  for (int t = 16; t < 64; t++) {
    const uint32_t s0 = rotateRight(w[t - 15], 7) ^ rotateRight(w[t - 15], 18) ^ w[t - 15] >> 3;
    const uint32_t s1 = rotateRight(w[t - 2], 17) ^ rotateRight(w[t - 2], 19) ^ w[t - 2] >> 10;
    w[t] = s1 + w[t - 7] + s0 + w[t - 16];
  }
  for (int t = 0; t < 64; t++) sums.words[t] = ROUND_CONSTANTS.words[t] + w[t];
  return sums;
}

inline constexpr Words64 PADDING_SUMS = paddingSums();

/** Words `4 * i` to `4 * i + 3` of a table. */
inline __m128i fourOf(const Words64& table, int i) {
  return _mm_load_si128(reinterpret_cast<const __m128i*>(table.words) + i);
}

/** FIPS 180-4 §5.3.3. */
inline HashState initialState() {
  return {_mm_set_epi32(0x6a09e667, static_cast<int>(0xbb67ae85), 0x510e527f, static_cast<int>(0x9b05688c)),
          _mm_set_epi32(0x3c6ef372, static_cast<int>(0xa54ff53a), 0x1f83d9ab, 0x5be0cd19)};
}

inline HashState loadState(const uint8_t* at) { return {load(at), load(at + 16)}; }

inline void storeState(uint8_t* at, const HashState& state) {
  store(at, state.abef);
  store(at + 16, state.cdgh);
}

/** Words A to D and E to H of a state, in the order of memory. */
struct Digest {
  __m128i abcd;
  __m128i efgh;
};

inline Digest digestOf(const HashState& state) {
  const __m128i feba = _mm_shuffle_epi32(state.abef, 0x1b);
  const __m128i dchg = _mm_shuffle_epi32(state.cdgh, 0xb1);
  return {_mm_blend_epi16(feba, dchg, 0xf0), _mm_alignr_epi8(dchg, feba, 8)};
}

/** Four rounds; `sum` is K + W. */
inline void fourRounds(HashState& state, __m128i sum) {
  state.cdgh = _mm_sha256rnds2_epu32(state.cdgh, state.abef, sum);
  state.abef = _mm_sha256rnds2_epu32(state.abef, state.cdgh, _mm_shuffle_epi32(sum, 0x0e));
}

/** The four words of the message schedule that follow the sixteen in `w`, of which the oldest four are `w[i & 3]`. */
inline void extend(__m128i (&w)[4], int i) {
  const __m128i newest = w[(i + 3) & 3];
  const __m128i partial = _mm_add_epi32(_mm_sha256msg1_epu32(w[i & 3], w[(i + 1) & 3]),
                                        _mm_alignr_epi8(newest, w[(i + 2) & 3], 4));
  w[i & 3] = _mm_sha256msg2_epu32(partial, newest);
}

inline void add(HashState& state, const HashState& other) {
  state.abef = _mm_add_epi32(state.abef, other.abef);
  state.cdgh = _mm_add_epi32(state.cdgh, other.cdgh);
}

/** Compresses a block into each state. */
template <int N>
inline __attribute__((always_inline)) void compress(HashState (&states)[N], Block (&blocks)[N]) {
  HashState before[N];
  for (int n = 0; n < N; n++) before[n] = states[n];
#pragma GCC unroll 16
  for (int i = 0; i < 16; i++) {
    for (int n = 0; n < N; n++) {
      fourRounds(states[n], _mm_add_epi32(blocks[n].words[i & 3], fourOf(ROUND_CONSTANTS, i)));
      if (i < 12) extend(blocks[n].words, i);
    }
  }
  for (int n = 0; n < N; n++) add(states[n], before[n]);
}

/** `compress` for the block that ends a message of 64 bytes. */
template <int N>
inline __attribute__((always_inline)) void compressPadding(HashState (&states)[N]) {
  HashState before[N];
  for (int n = 0; n < N; n++) before[n] = states[n];
#pragma GCC unroll 16
  for (int i = 0; i < 16; i++) {
    for (int n = 0; n < N; n++) fourRounds(states[n], fourOf(PADDING_SUMS, i));
  }
  for (int n = 0; n < N; n++) add(states[n], before[n]);
}

/** Compresses 64 bytes into a state. */
inline void compressBytes(HashState& state, const uint8_t* bytes) {
  HashState states[1] = {state};
  Block blocks[1];
  for (int i = 0; i < 4; i++) blocks[0].words[i] = swapWords(load(bytes + 16 * i));
  compress<1>(states, blocks);
  state = states[0];
}

}  // namespace sealroom
