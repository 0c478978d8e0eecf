// AES-256 (FIPS 197) with the AES instructions.
#pragma once

#include "vector.h"

namespace sealroom {

constexpr int ROUNDS = 14;

/** Encrypts `N` blocks under the round keys of one key. */
template <int N>
inline __attribute__((always_inline)) void encrypt(const uint8_t (&roundKeys)[15][16], __m128i (&blocks)[N]) {
  const __m128i first = load(roundKeys[0]);
  for (int n = 0; n < N; n++) blocks[n] = _mm_xor_si128(blocks[n], first);
#pragma GCC unroll 13
  for (int round = 1; round < ROUNDS; round++) {
    const __m128i key = load(roundKeys[round]);
    for (int n = 0; n < N; n++) blocks[n] = _mm_aesenc_si128(blocks[n], key);
  }
  const __m128i last = load(roundKeys[ROUNDS]);
  for (int n = 0; n < N; n++) blocks[n] = _mm_aesenclast_si128(blocks[n], last);
}

/**
 * Half a round key, four words (FIPS 197 §5.2). `before` is the half two before it; every word of `word` is the transformed
 * last word of the half in between. Each word of the result is the exclusive-or of `word` and all words of `before` up to it.
 */
inline __m128i nextRoundKey(__m128i before, __m128i word) {
  const __m128i two = _mm_xor_si128(before, _mm_slli_si128(before, 4));
  const __m128i four = _mm_xor_si128(two, _mm_slli_si128(two, 8));
  return _mm_xor_si128(four, word);
}

/**
 * KeyExpansion of `N` keys side by side, each given as two vectors; `roundKeys[n]` is where its 15 round keys go.
 *
 * SubWord is the last round of AES on a block with the word in all four columns, which ShiftRows leaves as it is. The
 * instruction made for this, aeskeygenassist, is slower.
 */
template <int N>
inline __attribute__((always_inline)) void expandKeys(const __m128i (&keys)[N][2], uint8_t (*(&roundKeys)[N])[16]) {
  const __m128i rotateLast = _mm_set1_epi32(0x0c0f0e0d);
  __m128i even[N];
  __m128i odd[N];
  for (int n = 0; n < N; n++) {
    even[n] = keys[n][0];
    odd[n] = keys[n][1];
    store(roundKeys[n][0], even[n]);
    store(roundKeys[n][1], odd[n]);
  }
#pragma GCC unroll 7
  for (int i = 1; i <= 7; i++) {
    const __m128i rcon = _mm_set1_epi32(1 << (i - 1));
    for (int n = 0; n < N; n++) {
      even[n] = nextRoundKey(even[n], _mm_aesenclast_si128(_mm_shuffle_epi8(odd[n], rotateLast), rcon));
      store(roundKeys[n][2 * i], even[n]);
    }
    if (i == 7) break;
    for (int n = 0; n < N; n++) {
      odd[n] = nextRoundKey(odd[n], _mm_aesenclast_si128(_mm_shuffle_epi32(even[n], 0xff), _mm_setzero_si128()));
      store(roundKeys[n][2 * i + 1], odd[n]);
    }
  }
}

}  // namespace sealroom
