// Base64 (RFC 4648 §4): twelve bytes or sixteen characters at a time, after W. Muła and D. Lemire, "Faster Base64
// Encoding and Decoding Using AVX2 Instructions" (2018).
#pragma once

#include <cstring>

#include "vector.h"

namespace sealroom {

/** The sixteen characters of the first twelve bytes. */
inline __m128i encode12(__m128i bytes) {
  const __m128i groups =
      _mm_shuffle_epi8(bytes, _mm_set_epi8(10, 11, 9, 10, 7, 8, 6, 7, 4, 5, 3, 4, 1, 2, 0, 1));
  const __m128i ac = _mm_mulhi_epu16(_mm_and_si128(groups, _mm_set1_epi32(0x0fc0fc00)), _mm_set1_epi32(0x04000040));
  const __m128i bd = _mm_mullo_epi16(_mm_and_si128(groups, _mm_set1_epi32(0x003f03f0)), _mm_set1_epi32(0x01000010));
  const __m128i sextets = _mm_or_si128(ac, bd);
  // 0: a to z, 1 to 10: digits, 11: +, 12: /, 13: A to Z. The table has the number to add to a sextet of each range.
  const __m128i range = _mm_or_si128(_mm_subs_epu8(sextets, _mm_set1_epi8(51)),
                                     _mm_and_si128(_mm_cmpgt_epi8(_mm_set1_epi8(26), sextets), _mm_set1_epi8(13)));
  const __m128i offsets = _mm_setr_epi8(71, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -19, -16, 65, 0, 0);
  return _mm_add_epi8(sextets, _mm_shuffle_epi8(offsets, range));
}

/** Writes `bytes > 0` bytes at `source` as Base64 with padding to `target`, without one character more. */
inline void encodeInto(const uint8_t* source, int32_t bytes, uint8_t* target) {
  int32_t left = bytes;
  for (; left >= 12; left -= 12) {
    store(target, encode12(load(source)));
    source += 12;
    target += 16;
  }
  if (left == 0) return;
  alignas(16) uint8_t last[16];
  store(last, encode12(firstBytes(load(source), left)));
  const int32_t length = (left + 2) / 3 * 4;
  const int32_t rest = left % 3;
  if (rest != 0) last[length - 1] = '=';
  if (rest == 1) last[length - 2] = '=';
  std::memcpy(target, last, static_cast<size_t>(length));
}

/** Bits are set where a character is not in the alphabet: the tables for its high and its low nibble share a bit. */
inline __m128i foreign(__m128i characters, __m128i high) {
  const __m128i byLow = _mm_setr_epi8(0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1a, 0x1b,
                                      0x1b, 0x1b, 0x1a);
  const __m128i byHigh = _mm_setr_epi8(0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10,
                                       0x10, 0x10, 0x10);
  const __m128i low = _mm_and_si128(characters, _mm_set1_epi8(0x0f));
  return _mm_and_si128(_mm_shuffle_epi8(byLow, low), _mm_shuffle_epi8(byHigh, high));
}

/** The twelve bytes of sixteen characters of the alphabet. */
inline __m128i decode16(__m128i characters, __m128i high) {
  // The number to add to a character, by its high nibble; `/` uses the entry before that of its neighbours.
  const __m128i offsets = _mm_setr_epi8(0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0);
  const __m128i isSlash = _mm_cmpeq_epi8(characters, _mm_set1_epi8('/'));
  const __m128i sextets = _mm_add_epi8(characters, _mm_shuffle_epi8(offsets, _mm_add_epi8(high, isSlash)));
  const __m128i pairs = _mm_maddubs_epi16(sextets, _mm_set1_epi32(0x01400140));
  const __m128i groups = _mm_madd_epi16(pairs, _mm_set1_epi32(0x00011000));
  return _mm_shuffle_epi8(groups, _mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1));
}

/**
 * Decodes `characters > 0` characters, padding left off, from `source` to `target <= source`; the two may overlap. Up to
 * 16 bytes behind the decoded ones are overwritten. Unused bits of the last character are ignored (format F-2).
 *
 * Returns whether all characters were of the alphabet.
 */
inline bool decodeInto(const uint8_t* source, int32_t characters, uint8_t* target) {
  const __m128i nibble = _mm_set1_epi8(0x0f);
  __m128i bad = _mm_setzero_si128();
  int32_t left = characters;
  for (; left >= 16; left -= 16) {
    const __m128i text = load(source);
    const __m128i high = _mm_and_si128(_mm_srli_epi32(text, 4), nibble);
    bad = _mm_or_si128(bad, foreign(text, high));
    store(target, decode16(text, high));
    source += 16;
    target += 12;
  }
  if (left > 0) {
    const __m128i isText = load(FIRST_BYTES.bytes + 16 - left);
    const __m128i text = _mm_blendv_epi8(_mm_set1_epi8('A'), load(source), isText);
    const __m128i high = _mm_and_si128(_mm_srli_epi32(text, 4), nibble);
    bad = _mm_or_si128(bad, foreign(text, high));
    store(target, decode16(text, high));
  }
  return _mm_testz_si128(bad, bad) != 0;
}

}  // namespace sealroom
