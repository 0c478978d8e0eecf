#include "utf8.h"

namespace sealroom {
namespace {

// Bits for the faults that a byte can be a part of, together with the bytes before it.
constexpr int TOO_SHORT = 0x01;
constexpr int TOO_LONG = 0x02;
constexpr int OVERLONG_3 = 0x04;
constexpr int TOO_LARGE = 0x08;
constexpr int SURROGATE = 0x10;
constexpr int OVERLONG_2 = 0x20;
constexpr int LARGE_OR_OVERLONG_4 = 0x40;
constexpr int TWO_CONTINUATIONS = 0x80;
constexpr int CARRY = TOO_SHORT | TOO_LONG | TWO_CONTINUATIONS;

struct alignas(16) Table {
  uint8_t entries[16];
};

/** By the upper half of the byte before. */
constexpr Table LAST_HIGH = {{TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG,
                              TWO_CONTINUATIONS, TWO_CONTINUATIONS, TWO_CONTINUATIONS, TWO_CONTINUATIONS,
                              TOO_SHORT | OVERLONG_2, TOO_SHORT, TOO_SHORT | OVERLONG_3 | SURROGATE,
                              TOO_SHORT | TOO_LARGE | LARGE_OR_OVERLONG_4}};

constexpr int LARGE = CARRY | TOO_LARGE | LARGE_OR_OVERLONG_4;

/** By the lower half of the byte before. */
constexpr Table LAST_LOW = {{CARRY | OVERLONG_3 | OVERLONG_2 | LARGE_OR_OVERLONG_4, CARRY | OVERLONG_2, CARRY, CARRY,
                             CARRY | TOO_LARGE, LARGE, LARGE, LARGE, LARGE, LARGE, LARGE, LARGE, LARGE,
                             LARGE | SURROGATE, LARGE, LARGE}};

/** By the upper half of the byte itself. */
constexpr Table HIGH = {{TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT,
                         TOO_LONG | OVERLONG_2 | TWO_CONTINUATIONS | OVERLONG_3 | LARGE_OR_OVERLONG_4,
                         TOO_LONG | OVERLONG_2 | TWO_CONTINUATIONS | OVERLONG_3 | TOO_LARGE,
                         TOO_LONG | OVERLONG_2 | TWO_CONTINUATIONS | SURROGATE | TOO_LARGE,
                         TOO_LONG | OVERLONG_2 | TWO_CONTINUATIONS | SURROGATE | TOO_LARGE, TOO_SHORT, TOO_SHORT,
                         TOO_SHORT, TOO_SHORT}};

__m128i lookUp(const Table& table, __m128i nibbles) { return _mm_shuffle_epi8(load(table.entries), nibbles); }

__m128i upperHalf(__m128i bytes) { return _mm_and_si128(_mm_srli_epi16(bytes, 4), _mm_set1_epi8(0x0f)); }

/** Bits for the faults of sixteen bytes after sixteen others. */
__m128i faultsOf(__m128i bytes, __m128i before) {
  const __m128i one = _mm_alignr_epi8(bytes, before, 15);
  const __m128i two = _mm_alignr_epi8(bytes, before, 14);
  const __m128i three = _mm_alignr_epi8(bytes, before, 13);
  const __m128i lower = _mm_and_si128(one, _mm_set1_epi8(0x0f));
  const __m128i special = _mm_and_si128(_mm_and_si128(lookUp(LAST_HIGH, upperHalf(one)), lookUp(LAST_LOW, lower)),
                                        lookUp(HIGH, upperHalf(bytes)));
  const __m128i isThird = _mm_subs_epu8(two, _mm_set1_epi8(0xe0 - 0x80));
  const __m128i isFourth = _mm_subs_epu8(three, _mm_set1_epi8(0xf0 - 0x80));
  const __m128i mustContinue = _mm_and_si128(_mm_or_si128(isThird, isFourth), _mm_set1_epi8(static_cast<char>(0x80)));
  return _mm_xor_si128(mustContinue, special);
}

bool isAny(__m128i faults) { return _mm_testz_si128(faults, faults) == 0; }

}  // namespace

bool isUtf8(View view, Place at, Place end) {
  __m128i last = _mm_setzero_si128();
  bool isInside = false;
  for (; uint64_t{at} + 64 <= end; at += 64) {
    const __m128i a = view.vector(at);
    const __m128i b = view.vector(at + 16);
    const __m128i c = view.vector(at + 32);
    const __m128i d = view.vector(at + 48);
    if (_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(a, b), _mm_or_si128(c, d))) == 0) {
      if (isInside && isAny(faultsOf(a, last))) return false;
      isInside = false;
    } else {
      const __m128i faults =
          _mm_or_si128(_mm_or_si128(faultsOf(a, last), faultsOf(b, a)), _mm_or_si128(faultsOf(c, b), faultsOf(d, c)));
      if (isAny(faults)) return false;
      isInside = true;
    }
    last = d;
  }
  // The rest, and a NUL behind it that no character can go on with.
  __m128i faults = _mm_setzero_si128();
  for (; at <= end; at += 16) {
    const __m128i bytes = firstBytes(view.vector(at), static_cast<int32_t>(std::min(16u, end - at)));
    faults = _mm_or_si128(faults, faultsOf(bytes, last));
    last = bytes;
  }
  return !isAny(faults);
}

}  // namespace sealroom
