// AES-256-GCM (NIST SP 800-38D) of a cell under the keys of its slot. IVs are of 12 bytes: the first counter block is IV ‖ 1.
#pragma once

#include "aes.h"
#include "ghash.h"
#include "layout.h"

namespace sealroom {

/** Counter block `counter` of an IV, given as the first 12 bytes of a vector. */
inline __m128i counterBlock(__m128i iv, uint32_t counter) {
  return _mm_insert_epi32(iv, static_cast<int>(__builtin_bswap32(counter)), 3);
}

/** The mask of the tag: the encryption of the first counter block (SP 800-38D §7.1, step 6). */
inline __m128i tagMask(const Slot& slot, __m128i iv) {
  __m128i block[1] = {counterBlock(iv, 1)};
  encrypt(slot.roundKeys, block);
  return block[0];
}

/** Encrypts or decrypts `N` blocks in place, from block `from` of the data on. */
template <int N>
inline void cryptBlocks(const Slot& slot, __m128i iv, uint8_t* data, int32_t from) {
  __m128i stream[N];
  for (int n = 0; n < N; n++) stream[n] = counterBlock(iv, static_cast<uint32_t>(from + n) + 2);
  encrypt(slot.roundKeys, stream);
  for (int n = 0; n < N; n++) {
    uint8_t* at = data + (int64_t{from} + n) * 16;
    store(at, _mm_xor_si128(load(at), stream[n]));
  }
}

/** Encrypts or decrypts `bytes` bytes in place, in whole blocks: up to 15 bytes after them change too. */
inline void crypt(const Slot& slot, __m128i iv, uint8_t* data, int32_t bytes) {
  const int32_t blocks = static_cast<int32_t>((static_cast<uint32_t>(bytes) + 15) >> 4);
  int32_t from = 0;
  for (; blocks - from >= 8; from += 8) cryptBlocks<8>(slot, iv, data, from);
  if (blocks - from >= 4) {
    cryptBlocks<4>(slot, iv, data, from);
    from += 4;
  }
  if (blocks - from >= 2) {
    cryptBlocks<2>(slot, iv, data, from);
    from += 2;
  }
  if (blocks > from) cryptBlocks<1>(slot, iv, data, from);
}

/** The tag of `bytes` bytes of ciphertext, given the GHASH of `aadBytes` bytes of additional data. */
inline __m128i tagOf(const Slot& slot, __m128i aadHash, int32_t aadBytes, const uint8_t* data, int32_t bytes, __m128i mask) {
  const __m128i hashKey = load(slot.hashKey);
  return _mm_xor_si128(finish(update(aadHash, data, bytes, hashKey), aadBytes, bytes, hashKey), mask);
}

}  // namespace sealroom
