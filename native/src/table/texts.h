// Lists of short texts that values are compared with: src/protect/machine/assembly/texts.ts.
#pragma once

#include "../view.h"

namespace sealroom {

/** Traps unless a list is in IO. Returns its end. */
inline Place requireTexts(View view, Place listAt) {
  Place at = listAt;
  view.requireInIo(at, 4);
  for (int32_t left = view.get<int32_t>(listAt); left > 0; left--) {
    view.requireInIo(at += 4, 4);
    const int32_t bytes = view.get<int32_t>(at);
    view.requireInIo(at + 4, bytes);
    at += (static_cast<uint32_t>(bytes) + 3) & ~3u;
  }
  return at + 4;
}

/** Whether a value is one of the texts of a list. */
inline bool isInTexts(View view, Place listAt, Place start, Place end) {
  Place at = listAt + 4;
  for (int32_t left = view.get<int32_t>(listAt); left > 0; left--) {
    const uint32_t bytes = view.get<uint32_t>(at);
    if (bytes == end - start && std::memcmp(view.base + at + 4, view.base + start, bytes) == 0) return true;
    at += 4 + ((bytes + 3) & ~3u);
  }
  return false;
}

}  // namespace sealroom
