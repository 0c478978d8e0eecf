// Row keys: cell key, AES round keys and GHASH key of the nonce of each row, in the slot of the row. All columns of a row
// share one derivation, as long as its nonce stays the same.
#pragma once

#include "machine.h"

namespace sealroom {

/** Rows whose slots have no keys yet, or those of another nonce. */
class PendingKeys {
 public:
  explicit PendingKeys(Machine& machine) : machine_(machine) {}

  /** Makes sure that row `row` has the keys of the nonce at `nonce` after `derive`. Traps if there is no such row. */
  void require(int32_t row, const uint8_t* nonce);

  /** Derives the keys of all rows that need it. */
  void derive();

 private:
  Machine& machine_;
  int32_t count_ = 0;
  int16_t rows_[SLOTS];
};

}  // namespace sealroom
