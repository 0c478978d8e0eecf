// AES-256-GCM with additional data of any length, for test vectors that no cell can express. The product's functions
// compute everything; only their order is written here.
#include "gcm.h"
#include "machine.h"

namespace sealroom {

void gcmForTests(Machine& machine, const GcmPlaces& places) {
  machine.requireInIo(places.key, 32);
  machine.requireInIo(places.iv, 12);
  machine.requireInIo(places.aad, places.aadBytes);
  machine.requireInIo(places.data, places.bytes);
  machine.requireInIo(places.tag, 16);
  if (places.lane < 0 || places.lane >= LANES) trap();
  Slot& slot = machine.layout().slots[places.lane];
  const uint8_t* key = machine.base + places.key;
  const __m128i keys[1][2] = {{load(key), load(key + 16)}};
  uint8_t(*roundKeys[1])[16] = {slot.roundKeys};
  expandKeys(keys, roundKeys);
  __m128i block[1] = {_mm_setzero_si128()};
  encrypt(slot.roundKeys, block);
  const __m128i hashKey = hashKeyOf(block[0]);
  store(slot.hashKey, hashKey);
  const __m128i iv = load(machine.base + places.iv);
  const __m128i aadHash = update(_mm_setzero_si128(), machine.base + places.aad, places.aadBytes, hashKey);
  uint8_t* data = machine.base + places.data;
  if (!places.isDecrypting) crypt(slot, iv, data, places.bytes);
  const __m128i mask = tagMask(slot, iv);
  store(machine.base + places.tag, tagOf(slot, aadHash, places.aadBytes, data, places.bytes, mask));
  if (places.isDecrypting) crypt(slot, iv, data, places.bytes);
}

}  // namespace sealroom
