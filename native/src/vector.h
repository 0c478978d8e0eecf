// What all primitives use of vectors of 16 bytes.
#pragma once

#include <immintrin.h>

#include <algorithm>
#include <cstdint>

namespace sealroom {

inline __m128i load(const uint8_t* at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); }
inline void store(uint8_t* at, __m128i vector) { _mm_storeu_si128(reinterpret_cast<__m128i*>(at), vector); }

/** Constants from which a load at `16 - n` takes what belongs to `n` bytes, -16 to 16. */
struct Sliding {
  alignas(16) uint8_t bytes[48];
};

constexpr Sliding slidingMask() {
  Sliding mask{};
  for (int i = 0; i < 16; i++) mask.bytes[i] = 0xff;
  return mask;
}

constexpr Sliding slidingByte(int place, uint8_t value) {
  Sliding one{};
  one.bytes[16 + place] = value;
  return one;
}

/** All ones in the first `n` bytes, 0 to 16. */
inline constexpr Sliding FIRST_BYTES = slidingMask();

/** The first `n` bytes of a block, 0 to 16; zeros after them. */
inline __m128i firstBytes(__m128i block, int32_t n) { return _mm_and_si128(block, load(FIRST_BYTES.bytes + 16 - n)); }

/** Copies `bytes` bytes in whole vectors: up to 15 more are read and written. */
inline void copyVectors(uint8_t* target, const uint8_t* source, int32_t bytes) {
  for (int32_t at = 0; at < bytes; at += 16) store(target + at, load(source + at));
}

/** Reverses the bytes of each word: SHA-256 is big-endian. */
inline __m128i swapWords(__m128i x) {
  return _mm_shuffle_epi8(x, _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
}

}  // namespace sealroom
