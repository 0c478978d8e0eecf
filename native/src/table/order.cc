// The rows of a part, and their random order: src/protect/machine/assembly/order.ts.
#include "table.h"

namespace sealroom {

int32_t findRows(Machine& machine, Place rowsAt, int32_t bytes, Place placesAt) {
  const View view = machine.view();
  view.requireInIo(rowsAt, bytes);
  const Place end = rowsAt + static_cast<uint32_t>(bytes);
  Place to = placesAt;
  for (Place at = rowsAt; at < end;) {
    view.requireInIo(to, 4);
    view.put(to, at);
    to += 4;
    const int32_t length = view.get<int32_t>(at);
    if (length < 4 || static_cast<uint32_t>(length) > end - at) trap();
    at += static_cast<uint32_t>(length);
  }
  return static_cast<int32_t>((to - placesAt) >> 2);
}

int32_t shuffleRows(Machine& machine, Place placesAt, int32_t left, Place randomAt, int32_t randoms) {
  if (left < 0 || randoms < 0 || left > 0x1fffffff || randoms > 0x1fffffff) trap();
  const View view = machine.view();
  view.requireInIo(placesAt, left << 2);
  view.requireInIo(randomAt, randoms << 2);
  const Place end = randomAt + (static_cast<uint32_t>(randoms) << 2);
  uint32_t choices = static_cast<uint32_t>(left);
  for (Place at = randomAt; at < end && choices > 1; at += 4) {
    const uint32_t draw = view.get<uint32_t>(at);
    // 2^32 modulo the choices: so many of the highest numbers would make some choices likelier than others.
    const uint32_t excess = (0 - choices) % choices;
    if (draw > 0xffffffff - excess) continue;
    const Place last = placesAt + ((choices - 1) << 2);
    const Place other = placesAt + ((draw % choices) << 2);
    const uint32_t held = view.get<uint32_t>(last);
    view.put(last, view.get<uint32_t>(other));
    view.put(other, held);
    choices--;
  }
  return static_cast<int32_t>(std::max(1u, choices));
}

}  // namespace sealroom
