// Deals the rows of a CSV text to parts: src/protect/machine/assembly/deal.ts.
#include <cstddef>

#include "normalise.h"
#include "records.h"
#include "table.h"
#include "texts.h"

namespace sealroom {
namespace {

// ---- What `dealRows` returns.

/** All records that start before the stop were dealt. */
constexpr int32_t DONE = 0;
/** The text ends before the next record does. */
constexpr int32_t NEEDS_TEXT = 1;
/** All random numbers were used. */
constexpr int32_t NEEDS_DRAWS = 2;
/** The part that comes next has no room for the row. */
constexpr int32_t PART_FULL = 3;
/** There is no room for the row among the samples. */
constexpr int32_t SAMPLES_FULL = 4;
/** A record is irregular. */
constexpr int32_t IRREGULAR_RECORD = 5;
/** A value cannot be protected, or not be normalised here. */
constexpr int32_t UNFIT_VALUE = 6;

/** Flags of a rule for nulls. */
constexpr int32_t BLANK_IS_NULL = 1;
constexpr int32_t QUOTED_EMPTY_IS_NULL = 2;
/** The flag of a stored column whose nulls cannot be protected. */
constexpr int32_t NULLS_REFUSED = 8;

/** After the head, one row of so many is in the sample. */
constexpr int32_t SAMPLE_STRIDE = 256;
constexpr int32_t POSITION_BYTES = 8;
/** Bytes behind a value that copies may overwrite. */
constexpr int32_t COPY_SLACK = 16;
/** Rows have a multiple of so many bytes, since copies between shared memory and other memory are many times as fast then. */
constexpr uint32_t ROW_UNIT = 8;

/** The description of a deal. */
struct Deal {
  /** Columns that are stored, and the place of their descriptions. */
  int32_t stored;
  Place storedAt;
  /** Columns that are sampled as they were read, and the place of their numbers in a record. */
  int32_t sources;
  Place sourcesAt;
  int32_t nullRule;
  Place nullTextsAt;
  int32_t parts;
  Place partsAt;
  /** The next random number, of 16 bits, and the end of them. */
  Place nextDraw;
  Place drawsEnd;
  /** The number that stands for this run of rows in their positions, or -1 if these are not kept. */
  int32_t run;
  /** Rows of this run so far. */
  int32_t rows;
  Place samplesAt;
  Place samplesTo;
  Place samplesEnd;
  int32_t sampleHead;
  /** Where the next record is, and the part that is full. */
  Place at;
  int32_t fullPart;
  /** The most stored columns of one field. */
  int32_t mostPerField;
};
static_assert(sizeof(Deal) == DEAL_BYTES);

/**
 * The description of a stored column. Its numbers are read and written one by one: a structure that is written in one piece, right after
 * its numbers, has to wait for them.
 */
struct Stored {
  int32_t field;
  int32_t flags;
  int32_t mostBytes;
  Place missingTextsAt;
  /** Bytes of a sealed cell without pad beside the value; 0 if there are no such cells. */
  int32_t overheadBytes;
  /** What was found. */
  int32_t longest;
  int32_t nulls;
  int32_t values;
  int32_t changed;
  int32_t missed;
  int64_t bytes;
  int64_t groups;
};
static_assert(sizeof(Stored) == STORED_BYTES);

/** Where the next row of a part goes, the end of its room, and its rows. */
struct Part {
  Place to;
  Place end;
  int32_t rows;
};
static_assert(sizeof(Part) == PART_BYTES);

void requireItems(View view, Place at, int32_t count, int32_t itemBytes) {
  if (count < 0 || count > 0x100000) trap();
  view.requireInIo(at, count * itemBytes);
}

/** Bytes before the values of a row with so many columns. */
int32_t headBytes(int32_t columns) { return (columns + 1) << 2; }

Place plus(Place at, int32_t bytes) { return at + static_cast<uint32_t>(bytes); }

/** Bytes between two places, as signed numbers. */
int64_t roomBetween(Place start, Place end) {
  return int64_t{static_cast<int32_t>(end)} - static_cast<int32_t>(start);
}

/** Deals the rows of one call. */
class Dealer {
 public:
  /** Traps unless all that the description speaks of is in IO. The room of a part is checked when it is used. */
  Dealer(View view, const Dialect& dialect, Place dealAt) : view_(view), dialect_(dialect), dealAt_(dealAt) {
    view.requireInIo(dealAt, DEAL_BYTES);
    deal_ = view.get<Deal>(dealAt);
    if (dialect.fieldsAt == 0 || deal_.mostPerField < 1) trap();
    requireItems(view, deal_.storedAt, deal_.stored, STORED_BYTES);
    requireItems(view, deal_.sourcesAt, deal_.sources, 4);
    requireItems(view, deal_.partsAt, deal_.parts, PART_BYTES);
    const int32_t parts = deal_.parts;
    if (parts < 1 || parts > 0x10000 || (parts & (parts - 1)) != 0) trap();
    requireTexts(view, deal_.nullTextsAt);
    view.requireInIo(deal_.nextDraw, static_cast<int32_t>(deal_.drawsEnd - deal_.nextDraw));
    view.requireInIo(deal_.samplesAt, static_cast<int32_t>(deal_.samplesEnd - deal_.samplesAt));
    if (deal_.samplesTo < deal_.samplesAt) trap();
    for (int32_t column = 0; column < deal_.stored; column++) {
      requireTexts(view, view.get<Place>(storedAt(column) + offsetof(Stored, missingTextsAt)));
    }
    requireFields(deal_.storedAt, deal_.stored, STORED_BYTES, deal_.mostPerField);
    requireFields(deal_.sourcesAt, deal_.sources, 4, 1);
  }

  int32_t deal(Place at, Place end, bool isLast, Place stop) {
    int32_t result = DONE;
    while (at < stop && at < end) {
      if (deal_.nextDraw == deal_.drawsEnd) {
        result = NEEDS_DRAWS;
        break;
      }
      const int32_t next = splitRecord(view_, dialect_, at, end, isLast);
      if (next == INCOMPLETE || next == IRREGULAR) {
        result = next == INCOMPLETE ? NEEDS_TEXT : IRREGULAR_RECORD;
        break;
      }
      if (next < 0) {
        at = static_cast<Place>(-next);
        continue;
      }
      result = dealRow(next - static_cast<int32_t>(at));
      if (result != DONE) break;
      at = static_cast<Place>(next);
    }
    if (result == DONE && at < stop && !isLast) result = NEEDS_TEXT;
    deal_.at = at;
    view_.put(dealAt_, deal_);
    return result;
  }

 private:
  Place storedAt(int32_t column) const { return plus(deal_.storedAt, column * STORED_BYTES); }
  int32_t sourceAt(int32_t source) const { return view_.get<int32_t>(plus(deal_.sourcesAt, source * 4)); }
  bool keepsPositions() const { return deal_.run != -1; }

  /**
   * Traps unless each number of a field, of which there is one at the start of each item, is that of a field, and no more than `most` are
   * the same: rows are measured by that before they are written. Counts in what is known of the last record's fields.
   */
  void requireFields(Place at, int32_t count, int32_t itemBytes, int32_t most) const {
    for (Place field = dialect_.fieldsAt; field < dialect_.fieldsEnd; field += FIELD_BYTES) view_.put<int32_t>(field, 0);
    for (const Place end = plus(at, count * itemBytes); at < end; at = plus(at, itemBytes)) {
      const auto field = view_.get<int32_t>(at);
      requireField(dialect_, field);
      const Place countAt = plus(dialect_.fieldsAt, field * FIELD_BYTES);
      const int32_t times = view_.get<int32_t>(countAt) + 1;
      if (times > most) trap();
      view_.put(countAt, times);
    }
  }

  /** Deals the record that was split last, of `recordBytes`. */
  int32_t dealRow(int32_t recordBytes) {
    const int32_t number = view_.get<uint16_t>(deal_.nextDraw) & (deal_.parts - 1);
    const Place partAt = plus(deal_.partsAt, number * PART_BYTES);
    const auto to = view_.get<Place>(partAt + offsetof(Part, to));
    const int64_t most = mostBytesOfRow(recordBytes);
    if (most > roomBetween(to, view_.get<Place>(partAt + offsetof(Part, end)))) {
      deal_.fullPart = number;
      return PART_FULL;
    }
    const bool hasSamples = deal_.samplesEnd > deal_.samplesAt;
    const bool isSampled =
        hasSamples && (deal_.rows < deal_.sampleHead || (deal_.rows & (SAMPLE_STRIDE - 1)) == 0);
    if (isSampled && mostBytesOfSample(recordBytes) > roomBetween(deal_.samplesTo, deal_.samplesEnd)) {
      return SAMPLES_FULL;
    }
    view_.requireInIo(to, static_cast<int32_t>(most));
    const Place rowEnd = writeRow(to);
    if (rowEnd == 0) return UNFIT_VALUE;
    if (isSampled) deal_.samplesTo = writeSample(to, rowEnd, deal_.samplesTo);
    view_.put(partAt + offsetof(Part, to), rowEnd);
    countUp(partAt + offsetof(Part, rows));
    deal_.nextDraw += 2;
    deal_.rows++;
    return DONE;
  }

  /** Bytes that the row of a record may take, with what copies overwrite behind it. */
  int64_t mostBytesOfRow(int32_t recordBytes) const {
    const int64_t head = headBytes(deal_.stored + 1) + POSITION_BYTES + COPY_SLACK;
    return head + int64_t{recordBytes} * deal_.mostPerField;
  }

  /** Bytes that it may take among the samples. */
  int64_t mostBytesOfSample(int32_t recordBytes) const {
    return mostBytesOfRow(recordBytes) + headBytes(deal_.sources) + recordBytes;
  }

  /** Writes the stored columns of the last record to `to` and returns their end, or 0 if one of them is unfit. */
  Place writeRow(Place to) const {
    Place lengthAt = to + 4;
    Place value = plus(to, headBytes(keepsPositions() ? deal_.stored + 1 : deal_.stored));
    for (int32_t index = 0; index < deal_.stored; index++, lengthAt += 4) {
      const Place column = storedAt(index);
      const int32_t bytes = writeValue(column, value);
      if (bytes == NOT_ASCII) return 0;
      view_.put(lengthAt, bytes);
      if (bytes < 0) {
        if ((view_.get<int32_t>(column + offsetof(Stored, flags)) & NULLS_REFUSED) != 0) return 0;
        countUp(column + offsetof(Stored, nulls));
        continue;
      }
      if (bytes > view_.get<int32_t>(column + offsetof(Stored, mostBytes))) return 0;
      measure(column, bytes);
      value = plus(value, bytes);
    }
    view_.put<uint64_t>(value, 0);
    value = to + ((value - to + ROW_UNIT - 1) & ~(ROW_UNIT - 1));
    if (keepsPositions()) {
      view_.put<int32_t>(lengthAt, POSITION_BYTES);
      view_.put<int32_t>(value, deal_.rows + 1);
      view_.put<int32_t>(value + 4, deal_.run);
      value += POSITION_BYTES;
    }
    view_.put(to, value - to);
    return value;
  }

  /** Writes the value of a column, normalised, to `to`, and counts. Returns its length, -1 for a null, or `NOT_ASCII`. */
  int32_t writeValue(Place column, Place to) const {
    const int32_t read = writeField(view_.get<int32_t>(column + offsetof(Stored, field)), to);
    const auto flags = view_.get<int32_t>(column + offsetof(Stored, flags));
    if ((flags & NORMALISED) == 0 || read < 0) return read;
    const auto missingTextsAt = view_.get<Place>(column + offsetof(Stored, missingTextsAt));
    const Normalised value = normaliseValue(view_, flags, missingTextsAt, to, plus(to, read));
    if (value.bytes == NOT_ASCII) return NOT_ASCII;
    countUp(column + offsetof(Stored, values));
    if (value.bytes == MISSING) countUp(column + offsetof(Stored, missed));
    else if (value.hasChanged) countUp(column + offsetof(Stored, changed));
    return value.bytes;
  }

  void countUp(Place counter) const { view_.put(counter, view_.get<int32_t>(counter) + 1); }

  /** Counts a value that is not null. */
  void measure(Place column, int32_t bytes) const {
    const Place longest = column + offsetof(Stored, longest);
    if (bytes > view_.get<int32_t>(longest)) view_.put(longest, bytes);
    const Place sum = column + offsetof(Stored, bytes);
    view_.put(sum, view_.get<int64_t>(sum) + bytes);
    const auto overhead = view_.get<int32_t>(column + offsetof(Stored, overheadBytes));
    if (overhead == 0) return;
    const Place groups = column + offsetof(Stored, groups);
    view_.put(groups, view_.get<int64_t>(groups) + (bytes + overhead + 2) / 3);
  }

  /** Writes the value of a field to `to` and returns its length, -1 for a null. */
  int32_t writeField(int32_t number, Place to) const {
    const Field field = fieldAt(view_, dialect_, number);
    if (field.bytes() == 0) {
      return (deal_.nullRule & (field.flags != 0 ? QUOTED_EMPTY_IS_NULL : BLANK_IS_NULL)) != 0 ? -1 : 0;
    }
    const Place end = copyFieldTo(view_, dialect_, field, to);
    return isInTexts(view_, deal_.nullTextsAt, to, end) ? -1 : static_cast<int32_t>(end - to);
  }

  /** Writes a row of the sample to `to` and returns its end: columns as they were read, then the stored ones of the row. */
  Place writeSample(Place row, Place rowEnd, Place to) const {
    const Place storedValues = plus(row, headBytes(keepsPositions() ? deal_.stored + 1 : deal_.stored));
    Place lengthAt = to + 4;
    Place value = plus(to, headBytes(deal_.sources + deal_.stored));
    for (int32_t source = 0; source < deal_.sources; source++, lengthAt += 4) {
      const int32_t bytes = writeField(sourceAt(source), value);
      view_.put(lengthAt, bytes);
      value = plus(value, std::max(0, bytes));
    }
    view_.copy(lengthAt, row + 4, deal_.stored << 2);
    const Place valuesEnd = rowEnd - (keepsPositions() ? POSITION_BYTES : 0);
    const int32_t bytes = static_cast<int32_t>(valuesEnd - storedValues);
    view_.copy(value, storedValues, bytes);
    value = plus(value, bytes);
    view_.put(to, value - to);
    return value;
  }

  View view_;
  const Dialect dialect_;
  Place dealAt_;
  Deal deal_;
};

/** Whether the next records are regular, as far as the text has them, and at least one. */
bool areRecords(View view, const Dialect& dialect, Place at, Place end, bool isLast) {
  for (int count = 0; count < 8 && at < end; count++) {
    const int32_t next = splitRecord(view, dialect, at, end, isLast);
    if (next == IRREGULAR) return false;
    if (next == INCOMPLETE) return count > 0;
    at = static_cast<Place>(next < 0 ? -next : next);
  }
  return true;
}

}  // namespace

int32_t dealRows(Machine& machine, Place deal, Place at, Place end, bool isLast, Place stop) {
  machine.requireInIo(at, static_cast<int32_t>(end - at));
  return Dealer(machine.view(), machine.table.dialect, deal).deal(at, end, isLast, stop);
}

Place findRecord(Machine& machine, Place at, Place end, bool isLast) {
  const Dialect& dialect = machine.table.dialect;
  const View view = machine.view();
  if (dialect.fieldsAt == 0) trap();
  if (at < end) view.requireInIo(at - 1, static_cast<int32_t>(end - at + 1));
  for (; at < end; at++) {
    if (view.get<uint8_t>(at - 1) == '\n' && areRecords(view, dialect, at, end, isLast)) return at;
  }
  return isLast ? end : 0;
}

}  // namespace sealroom
