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
