// What the functions for tables remember between calls. They are those of src/protect/machine/assembly and of
// src/tabular/csv/assembly, which say what they do and why; here is how.
#pragma once

#include "../view.h"

namespace sealroom {

/** The dialect of the records that are split, and where their fields are noted. */
struct Dialect {
  uint8_t delimiter = ',';
  bool isCrlf = false;
  /** The fields of the record that was split last, and the end of them. */
  Place fieldsAt = 0;
  Place fieldsEnd = 0;
};

/** The plan of `openLines`, as it was checked. */
struct Opening {
  int32_t delimiter;
  int32_t separator;
  int32_t columns;
  /** The most rows of a call. */
  int32_t rows;
  /** The place of what is known of the fields, for so many rows. */
  Place fieldsAt;
  /** The place of three counts for each column. */
  Place countsAt;
  /** The place for values that are not in the text as they are. */
  Place refinedAt;
  Place nullAt;
  int32_t nullBytes;
  Place emptyAt;
  int32_t emptyBytes;
  int32_t rules;
  Place nullTextsAt;
  /** The ends of what was opened and of its lines, which `openLines` stores behind the place of the plan. */
  Place openedEnd;
  Place linesEnd;
};

struct TableState {
  Dialect dialect;
  /** The place of the plan of `openLines`, or 0 before there is one. */
  Place openingAt = 0;
  Opening opening = {};
};

}  // namespace sealroom
