// A memory that grows without moving: the address space of the largest one is reserved, and made usable page by page.
#pragma once

#include <cstdint>

namespace sealroom {

class Memory {
 public:
  /** As WebAssembly's pages. */
  static constexpr uint64_t PAGE_BYTES = 65'536;
  /** One page less than 4 GiB, so that no place behind it is a number of 32 bits. */
  static constexpr uint64_t MOST_BYTES = (uint64_t{1} << 32) - PAGE_BYTES;

  Memory() = default;
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory();

  /** Reserves the address space. Whether there is enough of it. */
  bool reserve();

  /** Makes `pages` more pages usable; they hold zeros. Whether they could be had. */
  bool grow(uint64_t pages);

  uint8_t* base() const { return base_; }
  /** Bytes that can be used. */
  uint64_t bytes() const { return bytes_; }

 private:
  uint8_t* base_ = nullptr;
  uint64_t bytes_ = 0;
};

}  // namespace sealroom
