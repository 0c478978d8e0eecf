// Sealing: IV, payload, AES-256-GCM and Base64 of cells.
#include <cstring>

#include "base64.h"
#include "gcm.h"
#include "machine.h"
#include "row-keys.h"
#include "sha256.h"

namespace sealroom {
namespace {

constexpr int32_t NONCE_BYTES = 32;
/** Nonce and IV, which precede the ciphertext, and the tag, which follows it. */
constexpr int32_t CIPHERTEXT_AT = 44;
constexpr int32_t TAG_BYTES = 16;
constexpr char CELL_PREFIX[] = "02:enc:";
constexpr int32_t CELL_PREFIX_BYTES = 7;
constexpr int32_t AAD_BYTES = 7;

/** Blocks that end the IV's hash: header rest, nonce, the bit 1 and a length of eight bytes. */
int ivBlocks(uint32_t headerRest) { return headerRest + NONCE_BYTES + 9 > 64 ? 2 : 1; }

/** Bytes `[-r, 16 - r)` of a vector for the load at `16 - r`; zeros where there are none. */
constexpr Sliding slidingPlaces() {
  Sliding places{};
  for (int i = 0; i < 48; i++) places.bytes[i] = i >= 16 && i < 32 ? static_cast<uint8_t>(i - 16) : 0x80;
  return places;
}
constexpr Sliding PLACES = slidingPlaces();

/** IVs of two cells: the first 12 bytes of SHA-256(header ‖ nonce) (format F-31). */
void deriveIvs(const Machine& machine, const Scratch& scratch, const uint8_t* const (&nonces)[STREAMS],
               uint8_t* const (&ivs)[STREAMS]) {
  const int blocks = ivBlocks(machine.headerRest);
  const uint32_t vector = machine.headerRest / 16;
  // The nonce begins within a vector: it is spread over three.
  const uint32_t down = machine.headerRest % 16;
  const __m128i places = load(PLACES.bytes + 16 - down);
  const __m128i carried = load(PLACES.bytes + 32 - down);
  __m128i messages[STREAMS][8];
  HashState states[STREAMS];
  for (int n = 0; n < STREAMS; n++) {
    for (int i = 0; i < 4 * blocks; i++) messages[n][i] = load(scratch.ivTemplate + 16 * i);
    const __m128i first = load(nonces[n]);
    const __m128i second = load(nonces[n] + 16);
    __m128i* at = messages[n] + vector;
    at[0] = _mm_or_si128(at[0], _mm_shuffle_epi8(first, places));
    at[1] = _mm_or_si128(at[1], _mm_or_si128(_mm_shuffle_epi8(first, carried), _mm_shuffle_epi8(second, places)));
    if (down != 0) at[2] = _mm_or_si128(at[2], _mm_shuffle_epi8(second, carried));
    states[n] = loadState(scratch.headerState);
  }
  for (int block = 0; block < blocks; block++) {
    Block words[STREAMS];
    for (int n = 0; n < STREAMS; n++) {
      for (int i = 0; i < 4; i++) words[n].words[i] = swapWords(messages[n][4 * block + i]);
    }
    compress(states, words);
  }
  for (int n = 0; n < STREAMS; n++) store(ivs[n], swapWords(digestOf(states[n]).abcd));
}

/** Characters of the Base64 of so many bytes, with padding. */
int32_t encodedBytes(int32_t bytes) { return (bytes + 2) / 3 * 4; }

/** The length of the longest payload. Each cell is checked: no later write can leave its buffer. */
int32_t requireCells(Machine& machine, int32_t count) {
  requireCount(count);
  int32_t longest = 0;
  for (int32_t i = 0; i < count; i++) {
    int32_t(&fields)[8] = machine.layout().cells[i].fields;
    const int32_t bytes = fields[1];
    const int32_t prefixBytes = fields[2];
    const int32_t zeros = fields[3];
    machine.requireInIo(static_cast<uint32_t>(fields[0]), bytes);
    if (prefixBytes < 0 || prefixBytes > AFFIX_BYTES) trap();
    if (zeros < 0 || zeros > 0xffff || bytes > static_cast<int32_t>(BODIES_BYTES)) trap();
    if (fields[5] < 0 || fields[5] >= SLOTS) trap();
    const int32_t payload = prefixBytes + bytes + zeros + 2;
    fields[6] = payload;
    longest = std::max(longest, payload);
    const int32_t cellBytes = CELL_PREFIX_BYTES + encodedBytes(CIPHERTEXT_AT + payload + TAG_BYTES);
    machine.requireInIo(static_cast<uint32_t>(fields[4]), cellBytes);
  }
  return longest;
}

/** A cell that is being sealed. */
struct Lane {
  const Slot* slot;
  const uint8_t* iv;
  uint8_t* body;
  /** Bytes of the payload. */
  int32_t bytes;
  uint8_t* target;
};

/** Writes the payload of a cell to `at` (format F-32): prefix, value, zeros, and how many. */
void writePayload(Machine& machine, const int32_t (&fields)[8], uint8_t* at) {
  const int32_t bytes = fields[1];
  const int32_t prefixBytes = fields[2];
  const int32_t zeros = fields[3];
  // The order is from front to back: each part overwrites what the part before it wrote past its end.
  copyVectors(at, machine.layout().prefix, prefixBytes);
  copyVectors(at + prefixBytes, machine.base + static_cast<uint32_t>(fields[0]), bytes);
  uint8_t* end = at + prefixBytes + bytes;
  for (int32_t i = 0; i < zeros; i += 16) store(end + i, _mm_setzero_si128());
  end[zeros] = static_cast<uint8_t>(zeros >> 8);
  end[zeros + 1] = static_cast<uint8_t>(zeros);
}

Lane prepareLane(Machine& machine, int32_t index, uint8_t* body) {
  Layout& layout = machine.layout();
  const int32_t(&fields)[8] = layout.cells[index].fields;
  const Lane lane = {&layout.slots[fields[5]], layout.ivs[index], body, fields[6],
                     machine.base + static_cast<uint32_t>(fields[4])};
  copyVectors(body, lane.slot->nonce, NONCE_BYTES);
  store(body + NONCE_BYTES, load(lane.iv));
  writePayload(machine, fields, body + CIPHERTEXT_AT);
  return lane;
}

/** Seals up to eight cells from cell `first` on: each step for all of them, so that none waits for what it has just stored. */
void sealGroup(Machine& machine, int32_t first, int32_t count, uint32_t stride) {
  Layout& layout = machine.layout();
  Lane lanes[LANES];
  for (int32_t i = 0; i < count; i++) {
    lanes[i] = prepareLane(machine, first + i, layout.bodies + static_cast<uint32_t>(i) * stride);
  }
  for (int32_t i = 0; i < count; i++) {
    const Lane& lane = lanes[i];
    store(layout.scratch.tagMasks[i], tagMask(*lane.slot, load(lane.iv)));
    crypt(*lane.slot, load(lane.iv), lane.body + CIPHERTEXT_AT, lane.bytes);
  }
  for (int32_t i = 0; i < count; i++) {
    const Lane& lane = lanes[i];
    uint8_t* data = lane.body + CIPHERTEXT_AT;
    const __m128i mask = load(layout.scratch.tagMasks[i]);
    store(data + lane.bytes, tagOf(*lane.slot, load(lane.slot->aadProduct), AAD_BYTES, data, lane.bytes, mask));
  }
  for (int32_t i = 0; i < count; i++) {
    const Lane& lane = lanes[i];
    std::memcpy(lane.target, CELL_PREFIX, CELL_PREFIX_BYTES);
    encodeInto(lane.body, CIPHERTEXT_AT + lane.bytes + TAG_BYTES, lane.target + CELL_PREFIX_BYTES);
  }
}

}  // namespace

void beginHeader(Machine& machine) { storeState(machine.scratch().headerState, initialState()); }

void addHeaderBlock(Machine& machine) {
  Scratch& scratch = machine.scratch();
  HashState state = loadState(scratch.headerState);
  compressBytes(state, scratch.header);
  storeState(scratch.headerState, state);
}

void endHeader(Machine& machine, int32_t bytes) {
  Scratch& scratch = machine.scratch();
  const uint32_t rest = static_cast<uint32_t>(bytes) & 63;
  machine.headerRest = rest;
  // Header, nonce (zero for now), the bit 1, and the length in bits (FIPS 180-4 §5.1.1).
  std::memset(scratch.ivTemplate, 0, sizeof scratch.ivTemplate);
  std::memcpy(scratch.ivTemplate, scratch.header, rest);
  scratch.ivTemplate[rest + NONCE_BYTES] = 0x80;
  const uint64_t bits = __builtin_bswap64((static_cast<uint64_t>(static_cast<uint32_t>(bytes)) + NONCE_BYTES) << 3);
  std::memcpy(scratch.ivTemplate + 64 * ivBlocks(rest) - 8, &bits, 8);
}

void sealCells(Machine& machine, int32_t count) {
  const int32_t longest = requireCells(machine, count);
  // Payloads are written and encrypted in whole vectors: there is room for one more at both ends.
  const uint32_t stride = static_cast<uint32_t>(CIPHERTEXT_AT + longest + TAG_BYTES + 47) & ~15u;
  if (stride * LANES > BODIES_BYTES) trap();
  machine.usedBodyBytes = stride * LANES;
  Layout& layout = machine.layout();
  PendingKeys keys(machine);
  for (int32_t i = 0; i < count; i++) {
    const int32_t row = layout.cells[i].fields[5];
    keys.require(row, layout.rowNonces[row]);
  }
  keys.derive();
  for (int32_t i = 0; i < count; i += STREAMS) {
    const int32_t other = std::min(i + 1, count - 1);
    deriveIvs(machine, layout.scratch,
              {layout.rowNonces[layout.cells[i].fields[5]], layout.rowNonces[layout.cells[other].fields[5]]},
              {layout.ivs[i], layout.ivs[other]});
  }
  for (int32_t i = 0; i < count; i += LANES) sealGroup(machine, i, std::min(LANES, count - i), stride);
}

}  // namespace sealroom
