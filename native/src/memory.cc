#include "memory.h"

#include <sys/mman.h>

namespace sealroom {
namespace {

/**
 * Room for any place and any length of 32 bits behind it: an access behind what is usable ends the process and harms
 * nothing.
 */
constexpr uint64_t RESERVED_BYTES = (uint64_t{2} << 32) + Memory::PAGE_BYTES;

}  // namespace

Memory::~Memory() {
  // The system gives the pages to nobody before it has filled them with zeros.
  if (base_ != nullptr) munmap(base_, RESERVED_BYTES);
}

bool Memory::reserve() {
  void* at = mmap(nullptr, RESERVED_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) return false;
  base_ = static_cast<uint8_t*>(at);
  // Best effort: keys and values are not to be in the dump of a process that crashed.
  madvise(at, RESERVED_BYTES, MADV_DONTDUMP);
  return true;
}

bool Memory::grow(uint64_t pages) {
  if (pages > (MOST_BYTES - bytes_) / PAGE_BYTES) return false;
  if (pages == 0) return true;
  if (mprotect(base_ + bytes_, pages * PAGE_BYTES, PROT_READ | PROT_WRITE) != 0) return false;
  bytes_ += pages * PAGE_BYTES;
  return true;
}

}  // namespace sealroom
