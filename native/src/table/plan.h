// The description of a table's columns, and the values of its rows in memory: src/protect/machine/assembly/plan.ts.
#pragma once

#include "table.h"

namespace sealroom {

constexpr int32_t CLEARTEXT = 0;
constexpr int32_t FINGERPRINT = 1;
constexpr int32_t SEALED = 2;

/** The length of a null. */
constexpr int32_t NULL_BYTES = -1;

/** A target column, as the plan describes it. */
struct ColumnPlan {
  int32_t words[COLUMN_WORDS];

  int32_t kind() const { return words[0]; }
  int32_t stored() const { return words[1]; }
  bool keepsNulls() const { return words[2] != 0; }
  int32_t typeByte() const { return words[3]; }
  int32_t nullTypeByte() const { return words[4]; }
  Place prefixAt() const { return place(3); }
  int32_t prefixBytes() const { return words[4]; }
  Place keyAt() const { return place(5); }
  Place encodedNullAt() const { return place(5); }
  int32_t encodedNullBytes() const { return words[6]; }
  int32_t padBytes() const { return words[7]; }
  Place headerAt() const { return place(8); }
  int32_t headerBytes() const { return words[9]; }

 private:
  Place place(int word) const { return static_cast<Place>(words[word]); }
};

/** A plan in the memory. */
class Plan {
 public:
  /** Traps unless the plan and all that it points to lie in IO. */
  Plan(View view, Place at);

  int32_t columns() const { return words_[2]; }
  ColumnPlan column(int32_t index) const {
    return view_.get<ColumnPlan>(at_ + static_cast<uint32_t>((PLAN_WORDS + index * COLUMN_WORDS) * 4));
  }
  Place nullAt() const { return place(3); }
  int32_t nullBytes() const { return words_[4]; }
  Place emptyAt() const { return place(5); }
  int32_t emptyBytes() const { return words_[6]; }
  Place rootAt() const { return place(7); }

  /** Stores the outcome of `measureLines`. */
  void setMeasured(int32_t lineBytes, int32_t fillers) const {
    view_.put(at_ + 36, lineBytes);
    view_.put(at_ + 40, fillers);
  }

  /** Finds the values of a row, for `valueAt`. Traps unless they lie in the row, and the row in IO. */
  void openRow(Place row) const;

  /** Has the processor load a row that is opened soon: rows are in random order. Nothing happens if there is none at the place. */
  void prefetchRow(Place row) const {
    __builtin_prefetch(view_.base + row);
    __builtin_prefetch(view_.base + row + 64);
  }

  /** The bytes of a value of a row, or -1 for null. */
  int32_t valueBytes(Place row, int32_t stored) const {
    return view_.get<int32_t>(row + static_cast<uint32_t>(stored * 4) + 4);
  }

  /** The place of a value of the row that was opened last. */
  Place valueAt(int32_t stored) const { return view_.get<Place>(place(8) + static_cast<uint32_t>(stored * 4)); }

 private:
  Place place(int word) const { return static_cast<Place>(words_[word]); }
  int32_t headBytes() const { return words_[0]; }
  int32_t stored() const { return words_[1]; }

  View view_;
  Place at_;
  int32_t words_[PLAN_WORDS];
};

}  // namespace sealroom
