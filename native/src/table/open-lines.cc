// The records of a protected CSV file become the lines of the opened one: src/protect/machine/assembly/open-lines.ts.
#include "cell-format.h"
#include "fields.h"
#include "records.h"
#include "render.h"
#include "table.h"
#include "texts.h"
#include "utf8.h"

namespace sealroom {
namespace {

/** A blank field is a null. */
constexpr int32_t BLANK_IS_NULL = 1;
/** An empty field in quotes is a null. */
constexpr int32_t QUOTED_EMPTY_IS_NULL = 2;
/** Cells may be padded with other bytes than zeros. */
constexpr int32_t IS_LENIENT = 4;
/** There is a root to open cells with. */
constexpr int32_t CAN_OPEN = 8;
/** Fingerprints are passed on. */
constexpr int32_t PASSES_FINGERPRINTS = 16;

/** What is counted in a column. */
constexpr uint32_t COUNT_BYTES = 12;
constexpr uint32_t SEALED_COUNT = 0;
constexpr uint32_t FINGERPRINT_COUNT = 4;
constexpr uint32_t UNSEALED_COUNT = 8;

/** What the fields' flags are replaced by: what they have to become in their lines. */
constexpr int32_t TEXT = 0;
constexpr int32_t NULL_MARK = 1;
constexpr int32_t SEALED = 2;

/** Returned for text that is not UTF-8, and for records that are not split here. */
constexpr int32_t IRREGULAR_TEXT = -1;
/** Returned for a cell that has to be refused, or is not opened here. */
constexpr int32_t UNFIT_CELL = -2;

/** Opens the records of one call. */
class Opener {
 public:
  explicit Opener(Machine& machine)
      : machine_(machine), view_(machine.view()), plan_(machine.table.opening), refinedAt_(plan_.refinedAt) {}

  int32_t open(Place at, Place stop, Place end, bool isLast, Place to) {
    Place next = at;
    int32_t rows = 0;
    while (rows < plan_.rows && next < stop) {
      const Place fields = fieldsOf(rows);
      const Dialect dialect = dialectOf(plan_.delimiter, plan_.separator, plan_.columns, fields);
      const int32_t after = splitRecord(view_, dialect, next, end, isLast);
      if (after == INCOMPLETE) break;
      if (after == IRREGULAR) return IRREGULAR_TEXT;
      next = static_cast<Place>(after < 0 ? -after : after);
      if (after < 0) continue;
      if (!classifyRecord(dialect)) return UNFIT_CELL;
      rows++;
    }
    if (!isUtf8(view_, at, next)) return IRREGULAR_TEXT;
    freeSlots(machine_);
    for (int32_t column = 0; column < plan_.columns; column++) {
      if (!openColumn(column, rows)) return UNFIT_CELL;
    }
    const Place plan = machine_.table.openingAt;
    view_.put(plan + offsetof(Opening, openedEnd), next);
    view_.put(plan + offsetof(Opening, linesEnd), writeLines(rows, to));
    return rows;
  }

 private:
  Place fieldsOf(int32_t row) const {
    return plan_.fieldsAt + static_cast<uint32_t>(row * plan_.columns * FIELD_BYTES);
  }

  Place fieldPlace(int32_t row, int32_t column) const {
    return fieldsOf(row) + static_cast<uint32_t>(column * FIELD_BYTES);
  }

  void count(int32_t column, uint32_t counter) const {
    const Place at = plan_.countsAt + static_cast<uint32_t>(column) * COUNT_BYTES + counter;
    view_.put(at, view_.get<int32_t>(at) + 1);
  }

  /** Finds out what the fields of a record are, and counts them; false if one of them has to be refused. */
  bool classifyRecord(const Dialect& dialect) {
    for (int32_t column = 0; column < plan_.columns; column++) {
      Field field = fieldAt(view_, dialect, column);
      const int32_t flags = field.flags;
      if (flags > QUOTED) {
        // A value with doubled quotes or CRLF is copied as it is without them.
        field.end = copyFieldTo(view_, dialect, field, refinedAt_);
        field.start = refinedAt_;
        refinedAt_ = field.end;
      }
      const int32_t kind = classify(field, flags, column);
      if (kind < 0) return false;
      field.flags = kind;
      view_.put(dialect.fieldsAt + static_cast<uint32_t>(column * FIELD_BYTES), field);
    }
    return true;
  }

  /** What a field becomes, -1 if it has to be refused. */
  int32_t classify(const Field& field, int32_t flags, int32_t column) const {
    if (field.bytes() == 0) {
      return (plan_.rules & (flags == 0 ? BLANK_IS_NULL : QUOTED_EMPTY_IS_NULL)) != 0 ? NULL_MARK : TEXT;
    }
    if (isInTexts(view_, plan_.nullTextsAt, field.start, field.end)) return NULL_MARK;
    const CellKind kind = kindOfCell(view_, field.start, field.end);
    if (kind == CellKind::SEALED) {
      // What sealed cells with quotes or line breaks are, the kernel says.
      if (flags > QUOTED || (plan_.rules & CAN_OPEN) == 0) return -1;
      count(column, SEALED_COUNT);
      return SEALED;
    }
    if (kind == CellKind::FINGERPRINT) {
      if ((plan_.rules & PASSES_FINGERPRINTS) == 0) return -1;
      count(column, FINGERPRINT_COUNT);
    } else if (kind != CellKind::CLEARTEXT) {
      return -1;
    }
    count(column, UNSEALED_COUNT);
    return TEXT;
  }

  /** Opens the sealed cells of a column; false if one of them does not open. */
  bool openColumn(int32_t column, int32_t rows) {
    Layout& layout = machine_.layout();
    int32_t cells = 0;
    for (int32_t row = 0; row < rows; row++) {
      const Field field = view_.get<Field>(fieldPlace(row, column));
      if (field.flags != SEALED) continue;
      const int32_t body = sealedBodyBytes(view_, field.start, field.end);
      if (body == 0) return false;
      int32_t(&fields)[8] = layout.cells[cells++].fields;
      fields[0] = static_cast<int32_t>(field.start);
      fields[1] = field.bytes();
      fields[2] = body;
      fields[5] = row;
    }
    if (cells == 0) return true;
    if (!openInPlace(machine_, cells, (plan_.rules & IS_LENIENT) != 0)) return false;
    for (int32_t cell = 0; cell < cells; cell++) {
      const int32_t(&fields)[8] = layout.cells[cell].fields;
      if (!readValue(fieldPlace(fields[5], column), static_cast<Place>(fields[0]), fields[4])) return false;
    }
    return true;
  }

  /** Makes the encoded value of an opened cell the text of its field; false if it is not opened here. */
  bool readValue(Place field, Place cell, int32_t bytes) const {
    const Place value = cell + CIPHERTEXT_AT;
    const Place end = value + static_cast<uint32_t>(bytes);
    const int32_t text = textBytes(view_, value, bytes);
    if (text >= 0) {
      const Place start = end - static_cast<uint32_t>(text);
      //= format F-12
      if (!isUtf8(view_, start, end)) return false;
      view_.put(field, Field{start, end, TEXT});
      return true;
    }
    if (isNull(view_, value, bytes)) {
      view_.put(field, Field{cell, cell, NULL_MARK});
      return true;
    }
    // Nonce and IV, which are in front of the value, are no longer needed, and the longest text is shorter.
    const Place rendered = renderValue(view_, value, bytes, cell);
    if (rendered == 0) return false;
    view_.put(field, Field{cell, rendered, TEXT});
    return true;
  }

  Place writeLines(int32_t rows, Place to) const {
    for (int32_t row = 0; row < rows; row++) {
      for (int32_t column = 0; column < plan_.columns; column++) {
        const Field field = view_.get<Field>(fieldPlace(row, column));
        if (field.flags == NULL_MARK) to = putPlain(view_, plan_.nullAt, plan_.nullBytes, to);
        else if (field.start == field.end) to = putPlain(view_, plan_.emptyAt, plan_.emptyBytes, to);
        else to = putField(view_, field.start, field.end, to, column == 0);
        view_.put<uint8_t>(to++, ',');
      }
      view_.put<uint8_t>(to - 1, '\n');
    }
    return to;
  }

  Machine& machine_;
  const View view_;
  const Opening plan_;
  Place refinedAt_;
};

}  // namespace

void setOpening(Machine& machine, Place planAt) {
  const View view = machine.view();
  view.requireInIo(planAt, sizeof(Opening));
  const auto plan = view.get<Opening>(planAt);
  if (plan.rows < 1 || plan.rows > SLOTS || plan.columns < 1) trap();
  if (plan.columns > INT32_MAX / (SLOTS * FIELD_BYTES)) trap();
  view.requireInIo(plan.fieldsAt, plan.rows * plan.columns * FIELD_BYTES);
  view.requireInIo(plan.countsAt, plan.columns * static_cast<int32_t>(COUNT_BYTES));
  view.requireInIo(plan.nullAt, plan.nullBytes);
  view.requireInIo(plan.emptyAt, plan.emptyBytes);
  requireTexts(view, plan.nullTextsAt);
  machine.table.opening = plan;
  machine.table.openingAt = planAt;
}

int32_t openLines(Machine& machine, Place at, Place stop, Place end, bool isLast, Place to) {
  setOpening(machine, machine.table.openingAt);
  const Opening& plan = machine.table.opening;
  const int32_t bytes = static_cast<int32_t>(end - at);
  machine.requireInIo(at, bytes);
  machine.requireInIo(plan.refinedAt, bytes);
  const int64_t marks = int64_t{std::max(plan.nullBytes, plan.emptyBytes)} + 3;
  const int64_t room = (int64_t{bytes} << 1) + int64_t{plan.rows} * plan.columns * marks;
  if (room > INT32_MAX) trap();
  machine.requireInIo(to, static_cast<int32_t>(room));
  return Opener(machine).open(at, stop, end, isLast, to);
}

}  // namespace sealroom
