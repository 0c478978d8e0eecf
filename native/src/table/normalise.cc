#include "normalise.h"

namespace sealroom {
namespace {

/** Whether a value has ASCII alone; up to fifteen bytes behind it are read. */
bool isAscii(View view, Place at, Place end) {
  for (; uint64_t{at} + 16 <= end; at += 16) {
    if (_mm_movemask_epi8(view.vector(at)) != 0) return false;
  }
  return at == end || (_mm_movemask_epi8(view.vector(at)) & ((1 << (end - at)) - 1)) == 0;
}

/** Makes capitals of ASCII small ones, and returns whether there were any. */
bool lower(View view, Place at, Place end) {
  bool found = false;
  for (; at < end; at++) {
    const uint8_t byte = view.get<uint8_t>(at);
    if (byte < 'A' || byte > 'Z') continue;
    view.put(at, static_cast<uint8_t>(byte + ('a' - 'A')));
    found = true;
  }
  return found;
}

}  // namespace

Normalised normaliseValue(View view, int32_t steps, Place nullsAt, Place start, Place end) {
  if (!isAscii(view, start, end)) return {NOT_ASCII, false};
  Place first = start;
  Place last = end;
  while (first < last && view.get<uint8_t>(first) <= ' ') first++;
  while (last > first && view.get<uint8_t>(last - 1) <= ' ') last--;
  if (first == last || isInTexts(view, nullsAt, first, last)) return {MISSING, false};
  bool hasChanged = false;
  if ((steps & LOWER) != 0 && lower(view, first, last)) {
    hasChanged = true;
    if (isInTexts(view, nullsAt, first, last)) return {MISSING, true};
  }
  const int32_t bytes = static_cast<int32_t>(last - first);
  if ((steps & TRIM) == 0 || last - first == end - start) return {static_cast<int32_t>(end - start), hasChanged};
  view.copy(start, first, bytes);
  return {bytes, true};
}

}  // namespace sealroom
