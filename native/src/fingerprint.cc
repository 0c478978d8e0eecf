// Fingerprints: HMAC-SHA-256 (RFC 2104) of two values at a time.
#include <cstring>

#include "base64.h"
#include "machine.h"
#include "sha256.h"

namespace sealroom {
namespace {

constexpr char PREFIX[] = "02:hmac:";
/** Length of a fingerprint cell. */
constexpr int32_t FINGERPRINT_CELL_BYTES = 52;

/** All ones in the byte after `n` bytes, -1 to 16. */
constexpr Sliding LAST_BYTE = slidingByte(0, 0xff);
/** 80 in the second byte after `n` bytes, -1 to 16. */
constexpr Sliding END_BIT = slidingByte(1, 0x80);

/** A value that is hashed. */
struct Message {
  const uint8_t* value;
  int32_t bytes;
  /** The byte hashed after the value. */
  uint8_t last;
  uint8_t* cell;

  /** Blocks of the inner message after the key: value, last byte, the bit 1 and a length of eight bytes. */
  int32_t blocks() const { return static_cast<int32_t>((static_cast<uint32_t>(bytes) + 73) >> 6); }

  /** Bytes `[at, at + 16)` of value ‖ last ‖ 80 ‖ zeros. A mask removes the memory after the value. */
  __m128i piece(int32_t at) const {
    const int32_t left = std::clamp(bytes - at, -2, 16);
    // If nothing is left, the load is from the beginning of the value: its address never leaves the value.
    const __m128i text = firstBytes(load(value + (at < bytes ? at : 0)), std::max(left, 0));
    const __m128i end = _mm_or_si128(_mm_and_si128(load(LAST_BYTE.bytes + 16 - left), _mm_set1_epi8(static_cast<char>(last))),
                                     load(END_BIT.bytes + 16 - left));
    return _mm_or_si128(text, end);
  }

  /** Block `block` of the inner message. */
  Block blockAt(int32_t block) const {
    Block result;
    for (int i = 0; i < 4; i++) result.words[i] = swapWords(piece(block * 64 + i * 16));
    if (block == blocks() - 1) {
      const uint64_t bits = (static_cast<uint64_t>(static_cast<uint32_t>(bytes)) + 65) << 3;
      const __m128i length = _mm_set_epi64x(static_cast<int64_t>(bits << 32 | bits >> 32), 0);
      result.words[3] = _mm_or_si128(result.words[3], length);
    }
    return result;
  }
};

Message messageAt(Machine& machine, int32_t index) {
  const int32_t(&fields)[8] = machine.layout().cells[index].fields;
  return {machine.base + static_cast<uint32_t>(fields[0]), fields[1], static_cast<uint8_t>(fields[2]),
          machine.base + static_cast<uint32_t>(fields[4])};
}

/** Stores `02:hmac:` and the 44 characters of a digest. */
void storeCell(uint8_t* cell, const Digest& digest) {
  const __m128i high = swapWords(digest.abcd);
  const __m128i low = swapWords(digest.efgh);
  std::memcpy(cell, PREFIX, 8);
  store(cell + 8, encode12(high));
  store(cell + 24, encode12(_mm_alignr_epi8(low, high, 12)));
  // Eight bytes are left: eleven characters and the padding.
  const __m128i end = encode12(_mm_srli_si128(low, 8));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(cell + 40), end);
  const int32_t lastFour = _mm_extract_epi32(end, 2);
  std::memcpy(cell + 48, &lastFour, 4);
  cell[51] = '=';
}

void fingerprintTwo(const Scratch& scratch, const Message (&messages)[STREAMS]) {
  HashState states[STREAMS];
  Block blocks[STREAMS];
  for (HashState& state : states) state = loadState(scratch.inner);
  const int32_t shared = std::min(messages[0].blocks(), messages[1].blocks());
  for (int32_t block = 0; block < shared; block++) {
    for (int n = 0; n < STREAMS; n++) blocks[n] = messages[n].blockAt(block);
    compress(states, blocks);
  }
  for (int n = 0; n < STREAMS; n++) {
    for (int32_t block = shared; block < messages[n].blocks(); block++) {
      HashState one[1] = {states[n]};
      Block rest[1] = {messages[n].blockAt(block)};
      compress(one, rest);
      states[n] = one[0];
    }
  }
  // The outer message after its key: the inner digest, the bit 1, and the length of 96 bytes in bits.
  for (int n = 0; n < STREAMS; n++) {
    const Digest inner = digestOf(states[n]);
    blocks[n] = {{inner.abcd, inner.efgh, _mm_set_epi32(0, 0, 0, static_cast<int>(0x80000000)),
                  _mm_set_epi32((64 + 32) * 8, 0, 0, 0)}};
    states[n] = loadState(scratch.outer);
  }
  compress(states, blocks);
  for (int n = 0; n < STREAMS; n++) storeCell(messages[n].cell, digestOf(states[n]));
}

/** The state after the key block, with every byte of the key exclusive-or `mask` (RFC 2104 §2, steps 2 and 5). */
void prepareKeyBlock(uint8_t* target, const uint8_t* key, uint8_t mask) {
  const __m128i masks = _mm_set1_epi8(static_cast<char>(mask));
  HashState states[1] = {initialState()};
  Block blocks[1] = {{{swapWords(_mm_xor_si128(load(key), masks)), swapWords(_mm_xor_si128(load(key + 16), masks)), masks,
                       masks}}};
  compress(states, blocks);
  storeState(target, states[0]);
}

}  // namespace

void setFingerprintKey(Machine& machine) {
  Scratch& scratch = machine.scratch();
  prepareKeyBlock(scratch.inner, scratch.key, 0x36);
  prepareKeyBlock(scratch.outer, scratch.key, 0x5c);
}

void fingerprintCells(Machine& machine, int32_t count) {
  requireCount(count);
  for (int32_t i = 0; i < count; i++) {
    const int32_t(&fields)[8] = machine.layout().cells[i].fields;
    machine.requireInIo(static_cast<uint32_t>(fields[0]), fields[1]);
    machine.requireInIo(static_cast<uint32_t>(fields[4]), FINGERPRINT_CELL_BYTES);
  }
  for (int32_t i = 0; i < count; i += STREAMS) {
    // An unused stream repeats the last cell.
    fingerprintTwo(machine.scratch(), {messageAt(machine, i), messageAt(machine, std::min(i + 1, count - 1))});
  }
}

}  // namespace sealroom
