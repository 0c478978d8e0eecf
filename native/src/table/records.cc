#include "records.h"

#include "fields.h"

namespace sealroom {
namespace {

/** Its quotes are doubled. */
constexpr int32_t DOUBLED = 2;
/** It has CRLF, the file's separator, which is read as LF. */
constexpr int32_t JOINED = 4;

/** A bit for each of the sixteen bytes that can end a field or change what it is. */
uint32_t findStops(View view, Place at, __m128i delimiters) {
  const __m128i bytes = view.vector(at);
  const __m128i ends = _mm_or_si128(_mm_cmpeq_epi8(bytes, delimiters), areEqual(bytes, '\n'));
  const __m128i others = _mm_or_si128(areEqual(bytes, '\r'), areEqual(bytes, '"'));
  return bitsOf(_mm_or_si128(ends, others));
}

void noteField(View view, Place field, Place start, Place end, int32_t flags) {
  if (flags != 0) {
    start++;
    end--;
  } else {
    while (start < end && view.get<uint8_t>(start) <= ' ') start++;
    while (end > start && view.get<uint8_t>(end - 1) <= ' ') end--;
  }
  view.put(field, Field{start, end, flags});
}

}  // namespace

int32_t splitRecord(View view, const Dialect& dialect, Place at, Place end, bool isLast) {
  if (!isBefore(at, end)) return isLast ? IRREGULAR : INCOMPLETE;
  if (view.get<uint8_t>(at) == '#') return IRREGULAR;
  const __m128i delimiters = _mm_set1_epi8(static_cast<char>(dialect.delimiter));
  const Place lastField = dialect.fieldsEnd - FIELD_BYTES;
  Place field = dialect.fieldsAt;
  Place start = at;
  int32_t flags = 0;
  // The place of the quote that may close a field, or 0 before there is one.
  Place closed = 0;
  Place base = at;
  uint32_t mask = findStops(view, base, delimiters);
  Place stop = 0;
  Place next = 0;
  while (next == 0) {
    while (mask == 0 && base < end) {
      base += 16;
      mask = findStops(view, base, delimiters);
    }
    stop = mask == 0 ? end : base + static_cast<uint32_t>(__builtin_ctz(mask));
    if (stop >= end) {
      if (!isLast) return INCOMPLETE;
      if (flags != 0 && closed != end - 1) return IRREGULAR;
      stop = end;
      next = end;
      break;
    }
    mask &= mask - 1;
    const uint8_t byte = view.get<uint8_t>(stop);
    if (flags != 0) {
      if (closed == 0) {
        if (byte == '"') closed = stop;
        else if (byte == '\n' && dialect.isCrlf && view.get<uint8_t>(stop - 1) == '\r') flags |= JOINED;
        continue;
      }
      if (stop != closed + 1) return IRREGULAR;
      if (byte == '"') {
        flags |= DOUBLED;
        closed = 0;
        continue;
      }
    } else if (byte == '"') {
      if (stop != start) return IRREGULAR;
      flags = QUOTED;
      continue;
    }
    if (byte == dialect.delimiter) {
      if (field == lastField) return IRREGULAR;
      noteField(view, field, start, stop, flags);
      field += FIELD_BYTES;
      start = stop + 1;
      flags = 0;
      closed = 0;
      continue;
    }
    if ((byte == '\r') != dialect.isCrlf) return IRREGULAR;
    next = stop + 1;
    if (dialect.isCrlf) {
      if (next == end) return isLast ? IRREGULAR : INCOMPLETE;
      if (view.get<uint8_t>(next) != '\n') return IRREGULAR;
      next++;
    }
  }
  noteField(view, field, start, stop, flags);
  const bool isBlank = field == dialect.fieldsAt && flags == 0 && view.get<Field>(field).bytes() == 0;
  if (isBlank) return stop == end && field == lastField ? IRREGULAR : -static_cast<int32_t>(next);
  return field == lastField ? static_cast<int32_t>(next) : IRREGULAR;
}

Place copyFieldTo(View view, const Dialect& dialect, const Field& field, Place to) {
  if (field.flags <= QUOTED) {
    copyVectors(view.base + to, view.base + field.start, field.bytes());
    return to + (field.end - field.start);
  }
  // Without the first of two quotes, and of CRLF the LF only if that is the file's separator.
  for (Place from = field.start; from < field.end; from++) {
    const uint8_t byte = view.get<uint8_t>(from);
    if (byte == '"') from++;
    else if (byte == '\r' && dialect.isCrlf && from + 1 < field.end && view.get<uint8_t>(from + 1) == '\n') continue;
    view.put(to++, byte);
  }
  return to;
}

}  // namespace sealroom
