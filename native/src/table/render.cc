#include "render.h"

namespace sealroom {
namespace {

/** The type bytes of values; that of a null has the lowest bit set (format F-9, F-10). */
constexpr uint8_t STRING = 0x02;
constexpr uint8_t BIGINT = 0x04;
constexpr uint8_t BOOLEAN = 0x06;
constexpr uint8_t CHAR = 0x08;
constexpr uint8_t DATE = 0x0a;
constexpr uint8_t DECIMAL = 0x0c;
constexpr uint8_t INT = 0x12;
constexpr uint8_t SMALLINT = 0x14;
constexpr uint8_t TIMESTAMP = 0x16;
constexpr uint8_t VARCHAR = 0x18;
constexpr uint8_t LAST_TYPE = 0x19;

/** Bytes of the type byte and the metadata. */
constexpr int32_t VARCHAR_HEAD_BYTES = 5;
constexpr int32_t DECIMAL_HEAD_BYTES = 9;
constexpr int32_t TIMESTAMP_HEAD_BYTES = 6;

constexpr int64_t SECONDS_PER_DAY = 86'400;

int16_t bigEndian16(View view, Place at) { return static_cast<int16_t>(__builtin_bswap16(view.get<uint16_t>(at))); }
int32_t bigEndian32(View view, Place at) { return static_cast<int32_t>(__builtin_bswap32(view.get<uint32_t>(at))); }
int64_t bigEndian64(View view, Place at) { return static_cast<int64_t>(__builtin_bswap64(view.get<uint64_t>(at))); }

bool isTimestampType(View view, Place metadata) {
  return view.get<uint8_t>(metadata) <= 1 && static_cast<uint32_t>(bigEndian32(view, metadata + 1)) <= 2;
}

/** The length of a text in UTF-16, if it is UTF-8. */
int32_t utf16Units(View view, Place at, int32_t bytes) {
  int32_t units = 0;
  for (int32_t i = 0; i < bytes; i++) {
    const uint8_t byte = view.get<uint8_t>(at + static_cast<uint32_t>(i));
    // A character of four bytes has two units.
    units += ((byte & 0xc0) != 0x80 ? 1 : 0) + (byte >= 0xf0 ? 1 : 0);
  }
  return units;
}

/** Writes a text behind what it has written before. */
class Writer {
 public:
  Writer(View view, Place to) : view_(view), to_(to) {}

  Place end() const { return to_; }

  void sign(char character) { view_.put(to_++, character); }

  /** Writes a number with at least so many digits. */
  void digits(uint64_t value, uint32_t least) {
    uint32_t count = 1;
    for (uint64_t rest = value / 10; rest != 0; rest /= 10) count++;
    count = std::max(count, least);
    uint64_t rest = value;
    for (Place at = to_ + count; at > to_; rest /= 10) view_.put(--at, static_cast<char>('0' + rest % 10));
    to_ += count;
  }

  void integer(int64_t value) {
    if (value < 0) sign('-');
    // The magnitude of the least number is beyond 63 bits.
    digits(value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value), 1);
  }

  void after(char character, int64_t value, uint32_t least) {
    sign(character);
    digits(static_cast<uint64_t>(value), least);
  }

 private:
  View view_;
  Place to_;
};

/** A proleptic Gregorian date. */
struct Date {
  int64_t year;
  int64_t month;
  int64_t day;
};

int64_t floorDivide(int64_t value, int64_t divisor) {
  return value / divisor - (value % divisor < 0 ? 1 : 0);
}

/** The date of a day since 1970-01-01, as `civilDateOf` in `src/crypto/render.ts` has it. */
Date dateOf(int64_t daysSinceEpoch) {
  const int64_t days = daysSinceEpoch + 719'468;
  const int64_t era = floorDivide(days, 146'097);
  const int64_t dayOfEra = days - era * 146'097;
  const int64_t yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36'524 - dayOfEra / 146'096) / 365;
  const int64_t dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
  const int64_t monthFromMarch = (5 * dayOfYear + 2) / 153;
  const int64_t month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return {yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1};
}

Place putBoolean(View view, uint8_t value, Place to) {
  if (value > 1) return 0;
  const int32_t bytes = value == 1 ? 4 : 5;
  std::memcpy(view.base + to, value == 1 ? "true" : "false", static_cast<size_t>(bytes));
  return to + static_cast<uint32_t>(bytes);
}

Place putDate(View view, int32_t days, Place to) {
  const Date date = dateOf(days);
  Writer writer(view, to);
  if (date.year > 9999) writer.sign('+');
  else if (date.year < 0) writer.sign('-');
  writer.digits(static_cast<uint64_t>(date.year < 0 ? -date.year : date.year), 4);
  writer.after('-', date.month, 2);
  writer.after('-', date.day, 2);
  return writer.end();
}

/** Writes a timestamp: whether it is UTC, its unit, and its ticks. */
Place putTimestamp(View view, Place value, Place to) {
  if (!isTimestampType(view, value)) return 0;
  const int32_t unit = bigEndian32(view, value + 1);
  const int64_t ticks = bigEndian64(view, value + 5);
  const int64_t ticksPerSecond = unit == 0 ? 1'000 : unit == 1 ? 1'000'000 : 1'000'000'000;
  const int64_t ticksPerDay = ticksPerSecond * SECONDS_PER_DAY;
  const Date date = dateOf(floorDivide(ticks, ticksPerDay));
  int64_t ticksOfDay = ticks % ticksPerDay;
  if (ticksOfDay < 0) ticksOfDay += ticksPerDay;
  const int64_t seconds = ticksOfDay / ticksPerSecond;
  const int64_t fraction = ticksOfDay % ticksPerSecond;
  const int64_t microseconds = unit == 0 ? fraction * 1000 : unit == 1 ? fraction : fraction / 1000;
  // There is no year 0 in eras.
  const int64_t yearOfEra = date.year > 0 ? date.year : 1 - date.year;
  Writer writer(view, to);
  if (yearOfEra > 9999) writer.sign('+');
  writer.digits(static_cast<uint64_t>(yearOfEra), 4);
  writer.after('-', date.month, 2);
  writer.after('-', date.day, 2);
  writer.after(' ', seconds / 3600, 2);
  writer.after(':', seconds / 60 % 60, 2);
  writer.after(':', seconds % 60, 2);
  writer.after('.', microseconds, 6);
  return writer.end();
}

Place putInteger(View view, int64_t value, Place to) {
  Writer writer(view, to);
  writer.integer(value);
  return writer.end();
}

}  // namespace

bool isNull(View view, Place value, int32_t bytes) {
  const uint8_t type = view.get<uint8_t>(value);
  if ((type & 1) == 0 || type < STRING || type > LAST_TYPE) return false;
  if (bytes == 1) return true;
  if (type == (VARCHAR | 1)) return bytes == VARCHAR_HEAD_BYTES;
  if (type == (DECIMAL | 1)) return bytes == DECIMAL_HEAD_BYTES;
  return type == (TIMESTAMP | 1) && bytes == TIMESTAMP_HEAD_BYTES && isTimestampType(view, value + 1);
}

int32_t textBytes(View view, Place value, int32_t bytes) {
  const uint8_t type = view.get<uint8_t>(value);
  if (type == STRING || type == CHAR) return bytes - 1;
  if (type != VARCHAR || bytes < VARCHAR_HEAD_BYTES) return -1;
  const int32_t text = bytes - VARCHAR_HEAD_BYTES;
  return utf16Units(view, value + VARCHAR_HEAD_BYTES, text) > bigEndian32(view, value + 1) ? -1 : text;
}

Place renderValue(View view, Place value, int32_t bytes, Place to) {
  const uint8_t type = view.get<uint8_t>(value++);
  bytes--;
  if (type == INT && bytes == 4) return putInteger(view, bigEndian32(view, value), to);
  if (type == BIGINT && bytes == 8) return putInteger(view, bigEndian64(view, value), to);
  if (type == SMALLINT && bytes == 2) return putInteger(view, bigEndian16(view, value), to);
  if (type == BOOLEAN && bytes == 1) return putBoolean(view, view.get<uint8_t>(value), to);
  if (type == DATE && bytes == 4) return putDate(view, bigEndian32(view, value), to);
  if (type == TIMESTAMP && bytes == 13) return putTimestamp(view, value, to);
  return 0;
}

}  // namespace sealroom
