// What a protected cell looks like in a text: src/protect/machine/assembly/cell-format.ts.
#pragma once

#include "../view.h"

namespace sealroom {

/** Where the payload of an opened cell begins in it. */
constexpr uint32_t CIPHERTEXT_AT = 44;

enum class CellKind { CLEARTEXT, FINGERPRINT, SEALED, OTHER_VERSION };

/** The kind of the cell [start, end). Up to seven bytes behind it are read. */
inline CellKind kindOfCell(View view, Place start, Place end) {
  const uint32_t bytes = end - start;
  //= format F-47
  //= format F-48
  // The version, and `hmac:` or `enc:` behind it.
  const uint64_t head = view.get<uint64_t>(start);
  const uint64_t descriptor = head >> 24;
  if (bytes >= 8 && descriptor == 0x3a63616d68) return CellKind::FINGERPRINT;
  if (bytes < 7 || static_cast<uint32_t>(descriptor) != 0x3a636e65) return CellKind::CLEARTEXT;
  const uint32_t version = static_cast<uint32_t>(head) & 0xffffff;
  return version == 0x3a3230 || version == 0x3a3130 ? CellKind::SEALED : CellKind::OTHER_VERSION;
}

/** Bytes that the Base64 of the sealed cell [start, end) decodes to; 0 if its length or padding is wrong, or it is too short. */
inline int32_t sealedBodyBytes(View view, Place start, Place end) {
  constexpr int32_t PREFIX_BYTES = 7;
  constexpr int64_t LEAST_BODY_BYTES = 60;
  const int32_t length = static_cast<int32_t>(end - start) - PREFIX_BYTES;
  int32_t characters = length;
  if (length > 0 && view.get<uint8_t>(end - 1) == '=') {
    if ((length & 3) != 0) return 0;
    characters -= view.get<uint8_t>(end - 2) == '=' ? 2 : 1;
  }
  if ((characters & 3) == 1) return 0;
  const int64_t bytes = (int64_t{characters} * 3) >> 2;
  return bytes < LEAST_BODY_BYTES ? 0 : static_cast<int32_t>(bytes);
}

}  // namespace sealroom
