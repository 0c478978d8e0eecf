// The cells of a column become its values, where they are: src/protect/machine/assembly/open-column.ts.
#include "cell-format.h"
#include "render.h"
#include "table.h"
#include "utf8.h"

namespace sealroom {
namespace {

/** The row keys in memory are of other rows. */
constexpr int32_t ARE_OTHER_ROWS = 1;
/** Texts are known to be UTF-8, or need not be. */
constexpr int32_t IS_ANY_TEXT = 2;
/** Cells may be padded with other bytes than zeros. */
constexpr int32_t IS_LENIENT = 4;
/** There is a root to open cells with. */
constexpr int32_t CAN_OPEN = 8;
/** Fingerprints are passed on. */
constexpr int32_t PASSES_FINGERPRINTS = 16;
/** An empty text may be a null. */
constexpr int32_t IS_EMPTY_NULL = 32;

constexpr int32_t UNCHANGED = 0;
constexpr int32_t OPENED = 1;
constexpr int32_t UNFIT_CELL = -2;

constexpr int32_t FLOAT = 0x10;
constexpr int32_t DOUBLE = 0x0e;
constexpr int32_t BOOLEAN = 0x06;

/** The description of a column, as it was checked. */
struct ColumnOpening {
  int32_t rows;
  Place offsetsAt;
  Place validityAt;
  Place cellsAt;
  int32_t bytes;
  int32_t rules;
  int32_t typeByte;
  Place metadataAt;
  int32_t metadataBytes;
  int32_t width;
  Place valuesAt;
  int32_t sealed;
  int32_t fingerprints;
  int32_t others;
  int32_t firstOther;
};

/** Opens one column. */
class ColumnOpener {
 public:
  ColumnOpener(Machine& machine, Place at)
      : machine_(machine), view_(machine.view()), at_(at), opening_(view_.get<ColumnOpening>(at)) {}

  int32_t open() {
    if (!describeCells()) return UNFIT_CELL;
    view_.put(at_ + offsetof(ColumnOpening, sealed), sealed_);
    view_.put(at_ + offsetof(ColumnOpening, fingerprints), fingerprints_);
    view_.put(at_ + offsetof(ColumnOpening, others), others_);
    view_.put(at_ + offsetof(ColumnOpening, firstOther), firstOther_);
    const bool isText = opening_.typeByte == 0;
    if (!isText && others_ != 0) return UNFIT_CELL;
    if (sealed_ == 0 && isText) return has(IS_ANY_TEXT) || areTexts() ? UNCHANGED : UNFIT_CELL;
    if (has(ARE_OTHER_ROWS)) freeSlots(machine_);
    if (sealed_ > 0 && !openInPlace(machine_, sealed_, has(IS_LENIENT))) return UNFIT_CELL;
    if (!isText) return takeFixed() ? OPENED : UNFIT_CELL;
    return takeTexts() && areTexts() ? OPENED : UNFIT_CELL;
  }

 private:
  bool has(int32_t rule) const { return (opening_.rules & rule) != 0; }

  Place offsetPlace(int32_t row) const { return opening_.offsetsAt + static_cast<uint32_t>(row * 4); }
  Place validityPlace(int32_t row) const { return opening_.validityAt + static_cast<uint32_t>(row >> 3); }

  bool isPresent(int32_t row) const { return ((view_.get<uint8_t>(validityPlace(row)) >> (row & 7)) & 1) != 0; }

  void setNull(int32_t row) const {
    const Place at = validityPlace(row);
    view_.put(at, static_cast<uint8_t>(view_.get<uint8_t>(at) & ~(1 << (row & 7))));
  }

  /** Describes the sealed cells for `openInPlace`, and counts all; false if one of them has to be refused. */
  bool describeCells() {
    Layout& layout = machine_.layout();
    int32_t to = view_.get<int32_t>(offsetPlace(0));
    if (to != 0) trap();
    for (int32_t row = 0; row < opening_.rows; row++) {
      const int32_t from = to;
      to = view_.get<int32_t>(offsetPlace(row + 1));
      if (to < from || to > opening_.bytes) trap();
      if (!isPresent(row)) continue;
      const Place start = opening_.cellsAt + static_cast<uint32_t>(from);
      const Place end = opening_.cellsAt + static_cast<uint32_t>(to);
      const CellKind kind = kindOfCell(view_, start, end);
      if (kind == CellKind::SEALED) {
        const int32_t body = sealedBodyBytes(view_, start, end);
        if (body == 0 || !has(CAN_OPEN)) return false;
        int32_t(&fields)[8] = layout.cells[sealed_++].fields;
        fields[0] = static_cast<int32_t>(start);
        fields[1] = to - from;
        fields[2] = body;
        fields[5] = row;
        continue;
      }
      if (kind == CellKind::FINGERPRINT) {
        if (!has(PASSES_FINGERPRINTS)) return false;
        fingerprints_++;
      } else if (kind != CellKind::CLEARTEXT) {
        return false;
      } else if (from == to && has(IS_EMPTY_NULL)) {
        continue;
      }
      others_++;
      if (firstOther_ < 0) firstOther_ = row;
    }
    return true;
  }

  /** Whether texts that lie one after another are UTF-8, each by itself. */
  bool areTexts() const {
    // That a text ends as it must shows in how the next one begins.
    for (int32_t row = 0; row < opening_.rows; row++) {
      const Place start = view_.get<Place>(offsetPlace(row));
      if (start == view_.get<Place>(offsetPlace(row + 1))) continue;
      if ((view_.get<uint8_t>(opening_.cellsAt + start) & 0xc0) == 0x80) return false;
    }
    return isUtf8(view_, opening_.cellsAt, opening_.cellsAt + view_.get<Place>(offsetPlace(opening_.rows)));
  }

  /** Moves the texts together; false if a value is not read here. None moves up. */
  bool takeTexts() const {
    const Layout& layout = machine_.layout();
    const Place texts = opening_.cellsAt;
    int32_t cell = 0;
    Place to = texts;
    Place end = 0;
    for (int32_t row = 0; row < opening_.rows; row++) {
      const Place start = end;
      end = view_.get<Place>(offsetPlace(row + 1));
      if (isPresent(row)) {
        if (cell < sealed_ && layout.cells[cell].fields[5] == row) {
          to = takeText(layout.cells[cell++].fields, to, row);
          if (to == 0) return false;
        } else {
          view_.copy(to, texts + start, static_cast<int32_t>(end - start));
          to += end - start;
        }
      }
      view_.put(offsetPlace(row + 1), to - texts);
    }
    return true;
  }

  /** Copies the text of an opened cell to `to`, and returns the end of it; 0 if it is not read here. */
  //= format F-83
  Place takeText(const int32_t (&fields)[8], Place to, int32_t row) const {
    const Place at = static_cast<Place>(fields[0]);
    const Place value = at + CIPHERTEXT_AT;
    const int32_t bytes = fields[4];
    const int32_t text = textBytes(view_, value, bytes);
    if (text >= 0) {
      // Before the next cell, there is more room behind a value than a vector overwrites: Base64 is longer than its bytes.
      copyVectors(view_.base + to, view_.base + value + static_cast<uint32_t>(bytes - text), text);
      return to + static_cast<uint32_t>(text);
    }
    if (isNull(view_, value, bytes)) {
      setNull(row);
      return to;
    }
    // Nonce and IV, which are in front of the value, are no longer needed, and the longest text is shorter.
    const Place end = renderValue(view_, value, bytes, at);
    if (end == 0) return 0;
    view_.copy(to, at, static_cast<int32_t>(end - at));
    return to + (end - at);
  }

  /** Writes the values of a type with a fixed width; false if one is of another type, or not read here. */
  //= format F-90
  bool takeFixed() const {
    const Layout& layout = machine_.layout();
    const uint32_t width = static_cast<uint32_t>(opening_.width);
    const uint32_t metadata = static_cast<uint32_t>(opening_.metadataBytes);
    int32_t cell = 0;
    Place to = opening_.valuesAt;
    for (int32_t row = 0; row < opening_.rows; row++, to += width) {
      const bool isSealed = cell < sealed_ && layout.cells[cell].fields[5] == row;
      const int32_t(&fields)[8] = layout.cells[isSealed ? cell++ : 0].fields;
      const Place value = static_cast<Place>(fields[0]) + CIPHERTEXT_AT;
      // A null may leave out its metadata, so only its type counts.
      if (!isSealed || (view_.get<uint8_t>(value) == (opening_.typeByte | 1) && isNull(view_, value, fields[4]))) {
        std::memset(view_.base + to, 0, width);
        setNull(row);
        continue;
      }
      if (view_.get<uint8_t>(value) != opening_.typeByte) return false;
      if (int64_t{fields[4]} != 1 + int64_t{metadata} + width) return false;
      if (std::memcmp(view_.base + value + 1, view_.base + opening_.metadataAt, metadata) != 0) return false;
      if (!takeNumber(value + 1 + metadata, to)) return false;
    }
    return true;
  }

  /** Writes a big-endian number little-endian; false for one that JavaScript may change, or that its type does not have. */
  bool takeNumber(Place from, Place to) const {
    const int32_t type = opening_.typeByte;
    switch (opening_.width) {
      case 8: {
        const uint64_t number = __builtin_bswap64(view_.get<uint64_t>(from));
        if (type == DOUBLE && (number & 0x7fffffffffffffff) > 0x7ff0000000000000) return false;
        view_.put(to, number);
        return true;
      }
      case 4: {
        const uint32_t number = __builtin_bswap32(view_.get<uint32_t>(from));
        if (type == FLOAT && (number & 0x7fffffff) > 0x7f800000) return false;
        view_.put(to, number);
        return true;
      }
      case 2:
        view_.put(to, __builtin_bswap16(view_.get<uint16_t>(from)));
        return true;
      case 1: {
        const uint8_t byte = view_.get<uint8_t>(from);
        if (type == BOOLEAN && byte > 1) return false;
        view_.put(to, byte);
        return true;
      }
      default:
        return false;
    }
  }

  Machine& machine_;
  const View view_;
  const Place at_;
  const ColumnOpening opening_;
  int32_t sealed_ = 0;
  int32_t fingerprints_ = 0;
  int32_t others_ = 0;
  int32_t firstOther_ = -1;
};

/** Traps unless `bytes` bytes at `at` lie in IO, and behind `end`; returns the end of them. */
Place requireNext(View view, Place at, int32_t bytes, Place end) {
  requireBehind(at, end);
  view.requireInIo(at, bytes);
  return at + static_cast<uint32_t>(bytes);
}

}  // namespace

int32_t openColumn(Machine& machine, Place at) {
  const View view = machine.view();
  view.requireInIo(at, sizeof(ColumnOpening));
  const auto opening = view.get<ColumnOpening>(at);
  if (opening.rows < 1 || opening.rows > SLOTS) trap();
  Place end = at + static_cast<uint32_t>(sizeof(ColumnOpening));
  end = requireNext(view, opening.offsetsAt, (opening.rows + 1) * 4, end);
  end = requireNext(view, opening.validityAt, (opening.rows + 7) >> 3, end);
  end = requireNext(view, opening.cellsAt, opening.bytes, end);
  if (opening.typeByte != 0) {
    if (opening.width < 1 || opening.width > 8) trap();
    view.requireInIo(opening.metadataAt, opening.metadataBytes);
    requireNext(view, opening.valuesAt, opening.rows * opening.width, end);
  }
  return ColumnOpener(machine, at).open();
}

}  // namespace sealroom
