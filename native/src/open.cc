// Opening: Base64, keys, AES-256-GCM and padding of cells, in place.
#include <cstring>

#include "base64.h"
#include "gcm.h"
#include "machine.h"
#include "row-keys.h"

namespace sealroom {
namespace {

constexpr int32_t CELL_PREFIX_BYTES = 7;
constexpr int32_t AAD_BYTES = 7;
constexpr int32_t NONCE_BYTES = 32;
constexpr int32_t CIPHERTEXT_AT = 44;
/** Nonce, IV and tag. */
constexpr int32_t OVERHEAD_BYTES = 60;

/** The outcome for a cell, in the fourth number of its description. */
constexpr int32_t OPENED = 0;
constexpr int32_t MALFORMED = 1;
constexpr int32_t FORGED = 2;
constexpr int32_t BADLY_PADDED = 3;

/** `01:enc:` as a block, reversed as GHASH needs it. */
constexpr int64_t LEGACY_AAD_UPPER = 0x30313a656e633a00;
constexpr int32_t LEGACY = 1;
constexpr int32_t CURRENT = 2;

/** Checks every cell: no later access can leave it, or come into another one. */
void requireCells(Machine& machine, int32_t count) {
  requireCount(count);
  uint32_t end = 0;
  for (int32_t i = 0; i < count; i++) {
    int32_t(&fields)[8] = machine.layout().cells[i].fields;
    const uint32_t at = static_cast<uint32_t>(fields[0]);
    const int32_t bytes = fields[1];
    const int32_t body = fields[2];
    machine.requireInIo(at, bytes);
    if (at < end) trap();
    end = at + static_cast<uint32_t>(bytes);
    fields[3] = OPENED;
    fields[4] = bytes;
    if (body == 0) continue;
    const int32_t characters = bytes - CELL_PREFIX_BYTES;
    if (body < OVERHEAD_BYTES || characters < 0) trap();
    if (body > (int64_t{characters} * 3) >> 2) trap();
  }
}

/** Decodes a cell in place; the version replaces the length of the text in its description. */
void decode(int32_t (&fields)[8], uint8_t* cell) {
  fields[4] = cell[1] == '1' ? LEGACY : CURRENT;
  // Without padding, an incomplete group has one character more than bytes.
  const int32_t characters = static_cast<int32_t>((int64_t{fields[2]} * 4 + 2) / 3);
  if (!decodeInto(cell + CELL_PREFIX_BYTES, characters, cell)) fields[3] = MALFORMED;
}

/** A sealed cell that is being opened, decoded. */
struct Lane {
  int32_t (*fields)[8];
  const Slot* slot;
  uint8_t* body;
  /** Bytes of the payload. */
  int32_t bytes;
  bool isAuthentic;

  uint8_t* data() const { return body + CIPHERTEXT_AT; }
  __m128i iv() const { return load(body + NONCE_BYTES); }
};

/** Whether the tag of a cell is right. All 16 bytes are always compared. */
bool isAuthentic(const Lane& lane, __m128i mask) {
  __m128i hash = load(lane.slot->aadProduct);
  //= format F-55
  if ((*lane.fields)[4] == LEGACY) hash = multiply(_mm_set_epi64x(LEGACY_AAD_UPPER, 0), load(lane.slot->hashKey));
  const __m128i tag = tagOf(*lane.slot, hash, AAD_BYTES, lane.data(), lane.bytes, mask);
  const __m128i difference = _mm_xor_si128(tag, load(lane.data() + lane.bytes));
  return _mm_testz_si128(difference, difference) != 0;
}

/** Whether `bytes` bytes are zeros. All of them are always read, and one bit results. */
bool areZeros(const uint8_t* at, int32_t bytes) {
  __m128i others = _mm_setzero_si128();
  for (int32_t i = 0; i < bytes; i += 16) others = _mm_or_si128(others, firstBytes(load(at + i), std::min(bytes - i, 16)));
  return _mm_testz_si128(others, others) != 0;
}

/** Stores the length of the value in an authentic payload (format F-39). */
void removePadding(const Lane& lane, bool isLenient) {
  int32_t(&fields)[8] = *lane.fields;
  const int32_t countAt = lane.bytes - 2;
  if (countAt < 1) {
    fields[3] = BADLY_PADDED;
    return;
  }
  const uint8_t* at = lane.data() + countAt;
  const int32_t zeros = static_cast<int16_t>(at[0] << 8 | at[1]);
  const int32_t length = countAt - zeros;
  if (length < 1 || length > (isLenient ? lane.bytes : countAt)) {
    fields[3] = BADLY_PADDED;
    return;
  }
  if (!isLenient && !areZeros(lane.data() + length, zeros)) fields[3] = BADLY_PADDED;
  fields[4] = length;
}

/** Opens up to eight cells: each step for all of them. */
void openGroup(Scratch& scratch, Lane (&lanes)[LANES], int32_t count, bool isLenient) {
  for (int32_t i = 0; i < count; i++) store(scratch.tagMasks[i], tagMask(*lanes[i].slot, lanes[i].iv()));
  for (int32_t i = 0; i < count; i++) lanes[i].isAuthentic = isAuthentic(lanes[i], load(scratch.tagMasks[i]));
  for (int32_t i = 0; i < count; i++) {
    const Lane& lane = lanes[i];
    if (lane.isAuthentic) crypt(*lane.slot, lane.iv(), lane.data(), lane.bytes);
    // Such a cell is not decrypted at all.
    else (*lane.fields)[3] = FORGED;
  }
  for (int32_t i = 0; i < count; i++) {
    if (lanes[i].isAuthentic) removePadding(lanes[i], isLenient);
  }
}

/** Moves the values together. A value never moves up, and never overlaps that of the next cell. */
void gatherValues(Machine& machine, int32_t count) {
  uint8_t* to = machine.base + static_cast<uint32_t>(machine.layout().cells[0].fields[0]);
  for (int32_t i = 0; i < count; i++) {
    const int32_t(&fields)[8] = machine.layout().cells[i].fields;
    const uint8_t* at = machine.base + static_cast<uint32_t>(fields[0]);
    const int32_t bytes = fields[4];
    if (fields[2] == 0) std::memmove(to, at, static_cast<size_t>(bytes));
    else copyVectors(to, at + CIPHERTEXT_AT, bytes);
    to += bytes;
  }
}

}  // namespace

bool openInPlace(Machine& machine, int32_t count, bool isLenient) {
  requireCells(machine, count);
  Layout& layout = machine.layout();
  PendingKeys keys(machine);
  const auto isDecoded = [](const int32_t(&fields)[8]) { return fields[2] > 0 && fields[3] == OPENED; };
  for (int32_t i = 0; i < count; i++) {
    int32_t(&fields)[8] = layout.cells[i].fields;
    if (fields[2] == 0) continue;
    uint8_t* cell = machine.base + static_cast<uint32_t>(fields[0]);
    decode(fields, cell);
    if (isDecoded(fields)) keys.require(fields[5], cell);
  }
  keys.derive();
  Lane lanes[LANES];
  int32_t filled = 0;
  for (int32_t i = 0; i < count; i++) {
    int32_t(&fields)[8] = layout.cells[i].fields;
    if (isDecoded(fields)) {
      lanes[filled++] = {&fields, &layout.slots[fields[5]], machine.base + static_cast<uint32_t>(fields[0]),
                         fields[2] - OVERHEAD_BYTES, false};
    }
    if (filled == LANES || (filled > 0 && i == count - 1)) {
      openGroup(layout.scratch, lanes, filled, isLenient);
      filled = 0;
    }
  }
  bool hasOpened = true;
  for (int32_t i = 0; i < count; i++) hasOpened = hasOpened && layout.cells[i].fields[3] == OPENED;
  return hasOpened;
}

bool openCells(Machine& machine, int32_t count, bool isLenient) {
  const bool hasOpened = openInPlace(machine, count, isLenient);
  if (hasOpened) gatherValues(machine, count);
  return hasOpened;
}

}  // namespace sealroom
