#include "plan.h"

namespace sealroom {
namespace {

constexpr int32_t MOST_COLUMNS = 1 << 20;
constexpr int32_t KEY_BYTES = 32;

}  // namespace

Plan::Plan(View view, Place at) : view_(view), at_(at) {
  view.requireInIo(at, PLAN_WORDS * 4);
  std::memcpy(words_, view.base + at, sizeof words_);
  if (stored() < 0 || stored() > MOST_COLUMNS || columns() < 1 || columns() > MOST_COLUMNS) trap();
  if (headBytes() < (stored() + 1) * 4) trap();
  view.requireInIo(at, (PLAN_WORDS + columns() * COLUMN_WORDS) * 4);
  view.requireInIo(nullAt(), nullBytes());
  view.requireInIo(emptyAt(), emptyBytes());
  view.requireInIo(rootAt(), KEY_BYTES);
  view.requireInIo(place(8), stored() * 4);
  requireBehind(place(8), end());
  for (int32_t index = 0; index < columns(); index++) {
    const ColumnPlan each = column(index);
    if (each.stored() < 0 || each.stored() >= stored()) trap();
    if (each.kind() == FINGERPRINT) view.requireInIo(each.keyAt(), KEY_BYTES);
    if (each.kind() != SEALED) continue;
    view.requireInIo(each.prefixAt(), each.prefixBytes());
    view.requireInIo(each.encodedNullAt(), each.encodedNullBytes());
    view.requireInIo(each.headerAt(), each.headerBytes());
  }
}

void Plan::openRow(Place row, Place rowsEnd) const {
  view_.requireInIo(row, headBytes());
  const int32_t bytes = view_.get<int32_t>(row);
  view_.requireInIo(row, bytes);
  requireBehind(row, place(8) + static_cast<uint32_t>(stored() * 4));
  requireBehind(rowsEnd, row + static_cast<uint32_t>(std::max(bytes, headBytes())));
  int32_t at = headBytes();
  for (int32_t column = 0; column < stored(); column++) {
    view_.put(place(8) + static_cast<uint32_t>(column * 4), row + static_cast<uint32_t>(at));
    const int32_t length = valueBytes(row, column);
    if (length < NULL_BYTES || length > bytes - at) trap();
    at += std::max(length, 0);
  }
}

}  // namespace sealroom
