// The normalising steps that are the same for all of ASCII: src/protect/machine/assembly/normalise.ts.
#pragma once

#include "texts.h"

namespace sealroom {

/** Steps of a column, as bits. */
constexpr int32_t NORMALISED = 1;
constexpr int32_t TRIM = 2;
constexpr int32_t LOWER = 4;

/** What a value becomes beside a text of some length: null, because it stands for none; or nothing that these steps can say. */
constexpr int32_t MISSING = -1;
constexpr int32_t NOT_ASCII = -2;

/** What a value became. */
struct Normalised {
  /** The new length, `MISSING` or `NOT_ASCII`. */
  int32_t bytes;
  bool hasChanged;
};

/** Normalises the value [start, end) in place. */
Normalised normaliseValue(View view, int32_t steps, Place nullsAt, Place start, Place end);

}  // namespace sealroom
