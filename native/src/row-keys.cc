#include "row-keys.h"

#include "aes.h"
#include "ghash.h"
#include "sha256.h"

namespace sealroom {
namespace {

/** Keys whose schedules are computed side by side. */
constexpr int KEYS = 4;

/** `02:enc:` as a block, reversed as GHASH needs it: the lower half is zero. */
constexpr int64_t AAD_UPPER = 0x30323a656e633a00;

/** Cell keys of two slots: SHA-256(root ‖ nonce) (format F-30). */
void deriveCellKeys(const Scratch& scratch, Slot* const* slots, __m128i (*keys)[2]) {
  HashState states[STREAMS];
  Block blocks[STREAMS];
  for (int n = 0; n < STREAMS; n++) {
    states[n] = initialState();
    for (int half = 0; half < 2; half++) {
      blocks[n].words[half] = load(scratch.rootWords + 16 * half);
      blocks[n].words[2 + half] = swapWords(load(slots[n]->nonce + 16 * half));
    }
  }
  compress(states, blocks);
  compressPadding(states);
  for (int n = 0; n < STREAMS; n++) {
    const Digest digest = digestOf(states[n]);
    keys[n][0] = swapWords(digest.abcd);
    keys[n][1] = swapWords(digest.efgh);
  }
}

/** Keys of four slots from their nonces. The same slot may stand in several places. */
void deriveFour(const Scratch& scratch, Slot* const (&slots)[KEYS]) {
  __m128i keys[KEYS][2];
  for (int n = 0; n < KEYS; n += STREAMS) deriveCellKeys(scratch, slots + n, keys + n);
  uint8_t(*roundKeys[KEYS])[16];
  for (int n = 0; n < KEYS; n++) roundKeys[n] = slots[n]->roundKeys;
  expandKeys(keys, roundKeys);
  for (Slot* slot : slots) {
    // H is the encryption of the zero block (SP 800-38D §7.1, step 1).
    __m128i block[1] = {_mm_setzero_si128()};
    encrypt(slot->roundKeys, block);
    const __m128i hashKey = hashKeyOf(block[0]);
    store(slot->hashKey, hashKey);
    store(slot->aadProduct, multiply(_mm_set_epi64x(AAD_UPPER, 0), hashKey));
  }
}

bool areEqual(const uint8_t* one, const uint8_t* other) {
  const __m128i difference = _mm_or_si128(_mm_xor_si128(load(one), load(other)),
                                          _mm_xor_si128(load(one + 16), load(other + 16)));
  return _mm_testz_si128(difference, difference) != 0;
}

}  // namespace

void PendingKeys::require(int32_t row, const uint8_t* nonce) {
  if (row < 0 || row >= SLOTS) trap();
  Slot& slot = machine_.layout().slots[row];
  // Nonces are public: every cell contains one.
  if (machine_.isDerived[row] && areEqual(slot.nonce, nonce)) return;
  copyVectors(slot.nonce, nonce, sizeof slot.nonce);
  if (count_ == SLOTS) trap();
  rows_[count_++] = static_cast<int16_t>(row);
  machine_.isDerived[row] = false;
  machine_.usedSlots = std::max(machine_.usedSlots, row + 1);
}

void PendingKeys::derive() {
  Slot* slots[KEYS];
  for (int32_t i = 0; i < count_; i += KEYS) {
    for (int n = 0; n < KEYS; n++) slots[n] = &machine_.layout().slots[rows_[std::min(i + n, count_ - 1)]];
    deriveFour(machine_.scratch(), slots);
  }
  for (int32_t i = 0; i < count_; i++) machine_.isDerived[rows_[i]] = true;
  count_ = 0;
}

void setRoot(Machine& machine) {
  Scratch& scratch = machine.scratch();
  for (int at = 0; at < 32; at += 16) store(scratch.rootWords + at, swapWords(load(scratch.key + at)));
}

}  // namespace sealroom
