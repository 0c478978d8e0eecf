// A machine's memory as code for tables sees it: places of 32 bits, as in WebAssembly.
#pragma once

#include <cstdint>
#include <cstring>

#include "layout.h"
#include "vector.h"

namespace sealroom {

/**
 * A place in the memory of a machine. Sums of places and lengths are taken modulo 2^32, and more address space than that is
 * reserved: whatever a place is, what is read or written there belongs to the machine or to nobody.
 */
using Place = uint32_t;

/** Whether a place is in front of another, as numbers with a sign: so WebAssembly compares those of texts. */
inline bool isBefore(Place place, Place other) { return static_cast<int32_t>(place) < static_cast<int32_t>(other); }

/** Sums, differences and products of numbers from outside, modulo 2^32 as in WebAssembly. */
inline int32_t sum(int32_t one, int32_t other) {
  return static_cast<int32_t>(static_cast<uint32_t>(one) + static_cast<uint32_t>(other));
}
inline int32_t difference(int32_t one, int32_t other) {
  return static_cast<int32_t>(static_cast<uint32_t>(one) - static_cast<uint32_t>(other));
}
inline int32_t product(int32_t one, int32_t other) {
  return static_cast<int32_t>(static_cast<uint32_t>(one) * static_cast<uint32_t>(other));
}

/** Traps unless what begins at `next` lies behind what ends at `end`: so that to write to one changes nothing in the other. */
inline void requireBehind(Place next, Place end) {
  if (next < end) trap();
}

/** The memory of a machine, passed by value, so that its address stays in a register. */
struct View {
  uint8_t* base;
  /** Bytes that can be used. */
  uint64_t bytes;

  template <typename Number>
  Number get(Place at) const {
    Number number;
    std::memcpy(&number, base + at, sizeof number);
    return number;
  }

  template <typename Number>
  void put(Place at, Number number) const {
    std::memcpy(base + at, &number, sizeof number);
  }

  __m128i vector(Place at) const { return load(base + at); }
  void putVector(Place at, __m128i vector) const { store(base + at, vector); }

  void copy(Place to, Place from, int32_t length) const {
    std::memmove(base + to, base + from, static_cast<uint32_t>(length));
  }

  /** Traps unless `[at, at + length)` lies in IO and leaves the slack free. */
  void requireInIo(Place at, int32_t length) const {
    if (at < IO || length < 0 || uint64_t{at} + static_cast<uint32_t>(length) + SLACK > bytes) trap();
  }
};

}  // namespace sealroom
