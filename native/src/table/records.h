// Splits records into fields: src/tabular/csv/assembly/records.ts.
#pragma once

#include "state.h"

namespace sealroom {

/** What `splitRecord` returns if the text ends before the record does. */
constexpr int32_t INCOMPLETE = 0;
/** What `splitRecord` returns for a record that it does not split. */
constexpr int32_t IRREGULAR = -1;

/** The field was in quotes; the other flags are higher. */
constexpr int32_t QUOTED = 1;

/** What is known of a field. */
struct Field {
  Place start;
  Place end;
  int32_t flags;

  int32_t bytes() const { return static_cast<int32_t>(end - start); }
};

constexpr int32_t FIELD_BYTES = sizeof(Field);

inline Field fieldAt(View view, const Dialect& dialect, int32_t field) {
  return view.get<Field>(dialect.fieldsAt + static_cast<uint32_t>(field * FIELD_BYTES));
}

/** Traps unless records have a field of this number. */
inline void requireField(const Dialect& dialect, int32_t field) {
  if (field < 0 || static_cast<uint32_t>(field) >= (dialect.fieldsEnd - dialect.fieldsAt) / FIELD_BYTES) trap();
}

/** The dialect of a call: `separator` is 10 for LF, 0x0d0a for CRLF. */
inline Dialect dialectOf(int32_t delimiter, int32_t separator, int32_t fields, Place fieldsAt) {
  return {static_cast<uint8_t>(delimiter), separator != '\n', fieldsAt,
          fieldsAt + static_cast<uint32_t>(fields * FIELD_BYTES)};
}

/** The place behind the record at `at` of the text that ends at `end`, or its negative behind a blank line; or INCOMPLETE or IRREGULAR. */
int32_t splitRecord(View view, const Dialect& dialect, Place at, Place end, bool isLast);

/** Copies the value of a field to `to` and returns its end. Up to fifteen bytes behind it are overwritten. */
Place copyFieldTo(View view, const Dialect& dialect, const Field& field, Place to);

}  // namespace sealroom
