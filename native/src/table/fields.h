// Writes the fields of a CSV file: src/tabular/csv/assembly/fields.ts.
#pragma once

#include "../view.h"

namespace sealroom {

/** A bit for each of the first `count` bytes of a vector, for all of them if there are more. */
inline uint32_t firstBits(uint32_t count) { return count >= 16 ? 0xffff : (1u << count) - 1; }

inline uint32_t bitsOf(__m128i bytes) { return static_cast<uint32_t>(_mm_movemask_epi8(bytes)); }

inline __m128i areEqual(__m128i bytes, uint8_t byte) {
  return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(static_cast<char>(byte)));
}

/** A bit for each byte for which a field needs quotes: commas, quotes, spaces and control characters. */
inline uint32_t quotedBytes(__m128i bytes) {
  const __m128i isBlank = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x20)), bytes);
  return bitsOf(_mm_or_si128(isBlank, _mm_or_si128(areEqual(bytes, ','), areEqual(bytes, '"'))));
}

/** Writes a field that needs no quotes to `to`, and returns the end. */
inline Place putPlain(View view, Place from, int32_t bytes, Place to) {
  copyVectors(view.base + to, view.base + from, bytes);
  return to + static_cast<uint32_t>(bytes);
}

inline Place putQuoted(View view, Place start, Place end, Place to) {
  Place from = start;
  view.put<uint8_t>(to++, '"');
  while (from < end) {
    const __m128i bytes = view.vector(from);
    view.putVector(to, bytes);
    const uint32_t quotes = bitsOf(areEqual(bytes, '"')) & firstBits(end - from);
    // Up to and including the first quote, which is then doubled.
    const uint32_t count =
        quotes == 0 ? std::min(16u, end - from) : static_cast<uint32_t>(__builtin_ctz(quotes)) + 1;
    from += count;
    to += count;
    if (quotes != 0) view.put<uint8_t>(to++, '"');
  }
  view.put<uint8_t>(to++, '"');
  return to;
}

/** Writes the field of the text [from, end), in quotes if one of its bytes needs them, and returns the end. */
inline Place putField(View view, Place from, Place end, Place to, bool isFirst) {
  if (isFirst && view.get<uint8_t>(from) == '#') return putQuoted(view, from, end, to);
  for (uint32_t at = 0; at < end - from; at += 16) {
    const __m128i bytes = view.vector(from + at);
    view.putVector(to + at, bytes);
    if ((quotedBytes(bytes) & firstBits(end - from - at)) != 0) return putQuoted(view, from, end, to);
  }
  return to + (end - from);
}

/** The bytes that `putField` would write. */
inline int32_t fieldBytes(View view, Place from, Place end, bool isFirst) {
  bool needsQuotes = isFirst && view.get<uint8_t>(from) == '#';
  uint32_t quotes = 0;
  for (Place at = from; at < end; at += 16) {
    const __m128i bytes = view.vector(at);
    const uint32_t mask = quotedBytes(bytes) & firstBits(end - at);
    if (mask == 0) continue;
    needsQuotes = true;
    quotes += static_cast<uint32_t>(__builtin_popcount(bitsOf(areEqual(bytes, '"')) & mask));
  }
  return static_cast<int32_t>(end - from + (needsQuotes ? 2 + quotes : 0));
}

}  // namespace sealroom
