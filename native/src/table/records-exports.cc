// The records of CSV files, with the checks of places that exports need: src/protect/machine/assembly/records.ts.
#include "records.h"
#include "table.h"
#include "utf8.h"

namespace sealroom {
namespace {

/** Traps unless the text [at, end) is in IO, if there is any. */
void requireText(View view, Place at, Place end) {
  if (isBefore(at, end)) view.requireInIo(at, static_cast<int32_t>(end - at));
}

}  // namespace

void setDialect(Machine& machine, int32_t delimiter, int32_t separator, int32_t fields, Place fieldsAt) {
  if (fields < 1 || fields > INT32_MAX / FIELD_BYTES) trap();
  machine.requireInIo(fieldsAt, fields * FIELD_BYTES);
  machine.table.dialect = dialectOf(delimiter, separator, fields, fieldsAt);
}

int32_t splitRecord(Machine& machine, Place at, Place end, bool isLast) {
  if (machine.table.dialect.fieldsAt == 0) trap();
  requireText(machine.view(), at, end);
  return splitRecord(machine.view(), machine.table.dialect, at, end, isLast);
}

Place copyField(Machine& machine, int32_t field, Place to) {
  const View view = machine.view();
  const Dialect& dialect = machine.table.dialect;
  requireField(dialect, field);
  const Field known = fieldAt(view, dialect, field);
  view.requireInIo(known.start, known.bytes());
  view.requireInIo(to, known.bytes());
  return copyFieldTo(view, dialect, known, to);
}

bool isText(Machine& machine, Place at, Place end) {
  requireText(machine.view(), at, end);
  return !isBefore(at, end) || isUtf8(machine.view(), at, end);
}

}  // namespace sealroom
