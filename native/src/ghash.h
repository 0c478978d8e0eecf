// GHASH (NIST SP 800-38D §6.4) with carry-less multiplication.
//
// A block with its bytes in reverse is an element of POLYVAL's field (RFC 8452, appendix A): GHASH of blocks under H is
// POLYVAL of the reversed blocks under x · (reversed H). So H is kept reversed and multiplied by x, and everything else reversed.
#pragma once

#include "vector.h"

namespace sealroom {

/** The bytes of a block in reverse. */
inline __m128i reverse(__m128i block) {
  return _mm_shuffle_epi8(block, _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
}

/** The form in which a block H is kept: reversed, times x modulo x^128 + x^127 + x^126 + x^121 + 1. */
inline __m128i hashKeyOf(__m128i h) {
  const __m128i reversed = reverse(h);
  const __m128i doubled = _mm_slli_epi64(reversed, 1);
  const __m128i carries = _mm_srli_epi64(reversed, 63);
  const __m128i shifted = _mm_or_si128(doubled, _mm_slli_si128(carries, 8));
  // All ones if the highest bit was set: no branch depends on it.
  const __m128i highest = _mm_shuffle_epi32(_mm_srai_epi32(reversed, 31), 0xff);
  return _mm_xor_si128(shifted, _mm_and_si128(highest, _mm_set_epi64x(static_cast<int64_t>(0xc200000000000000), 1)));
}

/** A product before its reduction: `low + middle · x^64 + high · x^128`. */
struct Product {
  __m128i low;
  __m128i middle;
  __m128i high;
};

inline Product multiplyWide(__m128i y, __m128i h) {
  return {_mm_clmulepi64_si128(y, h, 0x00),
          _mm_xor_si128(_mm_clmulepi64_si128(y, h, 0x01), _mm_clmulepi64_si128(y, h, 0x10)),
          _mm_clmulepi64_si128(y, h, 0x11)};
}

/** The product divided by x^128, modulo the polynomial: two steps of 64 bits (S. Gueron). */
inline __m128i reduce(const Product& product) {
  const __m128i polynomial = _mm_set_epi64x(static_cast<int64_t>(0xc200000000000000), 1);
  __m128i low = _mm_xor_si128(product.low, _mm_slli_si128(product.middle, 8));
  const __m128i high = _mm_xor_si128(product.high, _mm_srli_si128(product.middle, 8));
  low = _mm_xor_si128(_mm_shuffle_epi32(low, 0x4e), _mm_clmulepi64_si128(low, polynomial, 0x10));
  low = _mm_xor_si128(_mm_shuffle_epi32(low, 0x4e), _mm_clmulepi64_si128(low, polynomial, 0x10));
  return _mm_xor_si128(low, high);
}

inline __m128i multiply(__m128i y, __m128i h) { return reduce(multiplyWide(y, h)); }

/** Continues GHASH with `bytes` bytes at `data`, filled up with zeros to a whole block. */
inline __m128i update(__m128i y, const uint8_t* data, int32_t bytes, __m128i h) {
  int32_t at = 0;
  for (; bytes - at >= 16; at += 16) y = multiply(_mm_xor_si128(y, reverse(load(data + at))), h);
  if (at < bytes) y = multiply(_mm_xor_si128(y, reverse(firstBytes(load(data + at), bytes - at))), h);
  return y;
}

/** Ends GHASH with the lengths of the additional data and the ciphertext (SP 800-38D §7.1, step 5). */
inline __m128i finish(__m128i y, int32_t aadBytes, int32_t bytes, __m128i h) {
  const __m128i lengths = _mm_set_epi64x(int64_t{aadBytes} << 3, int64_t{bytes} << 3);
  return reverse(multiply(_mm_xor_si128(y, lengths), h));
}

}  // namespace sealroom
