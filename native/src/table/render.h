// The text of a sealed value, for the types whose text is plain: src/protect/machine/assembly/render.ts.
#pragma once

#include "../view.h"

namespace sealroom {

/** Whether the encoded value of `bytes` bytes at `value`, its type byte first, is a null. */
bool isNull(View view, Place value, int32_t bytes);

/** The length of the text at the end of the encoded value of `bytes` bytes at `value`, or -1 if it is no text. */
int32_t textBytes(View view, Place value, int32_t bytes);

/**
 * Writes the text of the encoded value to `to`, at most 40 bytes, and returns the end of it; 0 if the value is malformed, or of
 * a type that is not written here.
 */
Place renderValue(View view, Place value, int32_t bytes, Place to);

}  // namespace sealroom
