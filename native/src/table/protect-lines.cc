// Rows in, lines of a CSV file out: src/protect/machine/assembly/protect-lines.ts.
#include "fields.h"
#include "plan.h"

namespace sealroom {
namespace {

constexpr int32_t FINGERPRINT_CELL_BYTES = 52;
/** `02:enc:`, nonce, IV, the count of a payload's zeros, and the tag. */
constexpr int32_t CELL_PREFIX_BYTES = 7;
constexpr int32_t NONCE_AND_IV_BYTES = 44;
constexpr int32_t PAD_COUNT_BYTES = 2;
constexpr int32_t TAG_BYTES = 16;
/** Messages are grouped by block count up to this; longer ones are hashed together in the order they come. */
constexpr int32_t MOST_BLOCKS = 64;
/** Bytes of a row's position in the source table. */
constexpr int32_t POSITION_BYTES = 8;
/** How many rows ahead of the one that is opened the processor loads. */
constexpr int32_t ROWS_AHEAD = 4;

/** What stays of a cell for `gatherColumn`: the place of the value, its bytes or -1, and the place of the cell or 0. */
struct Note {
  Place value;
  int32_t bytes;
  Place cell;
};
static_assert(sizeof(Note) == NOTE_BYTES);

Place noteAt(Place notesAt, int32_t index) { return notesAt + static_cast<uint32_t>(index * NOTE_BYTES); }

/** Whether a column has a cell for such a value: a null may stay one. */
bool hasCell(const ColumnPlan& column, int32_t bytes) { return bytes != NULL_BYTES || !column.keepsNulls(); }

/** The bytes of a value, or of an encoded null, with what comes before and behind it in the payload (format F-32). */
int32_t payloadBytes(const ColumnPlan& column, int32_t bytes) {
  if (column.padBytes() >= 0) return column.padBytes() + PAD_COUNT_BYTES;
  return (bytes == NULL_BYTES ? column.encodedNullBytes() : column.prefixBytes() + bytes) + PAD_COUNT_BYTES;
}

/** The length of the cell of a value, or of a null that becomes one. */
int32_t cellBytes(const ColumnPlan& column, int32_t bytes) {
  if (column.kind() == FINGERPRINT) return FINGERPRINT_CELL_BYTES;
  const int32_t body = NONCE_AND_IV_BYTES + payloadBytes(column, bytes) + TAG_BYTES;
  return CELL_PREFIX_BYTES + (body + 2) / 3 * 4;
}

/** The bytes of a cleartext value in its line. */
int32_t cleartextBytes(View view, const Plan& plan, const ColumnPlan& column, int32_t bytes, bool isFirst) {
  if (bytes == NULL_BYTES) return plan.nullBytes();
  if (bytes == 0) return plan.emptyBytes();
  const Place at = plan.valueAt(column.stored());
  return fieldBytes(view, at, at + static_cast<uint32_t>(bytes), isFirst);
}

/** Prefetches the row that is opened some rows after `row`. */
void prefetchRows(View view, const Plan& plan, Place placesAt, int32_t row, int32_t rows) {
  if (row + ROWS_AHEAD < rows) {
    plan.prefetchRow(view.get<Place>(placesAt + static_cast<uint32_t>((row + ROWS_AHEAD) * 4)));
  }
}

/** Writes the lines but for the cells of the kernel, and notes where these go. */
void layLines(View view, const Plan& plan, const LinesCall& call) {
  const int32_t columns = plan.columns();
  const Place linesEnd = call.linesAt + static_cast<uint32_t>(call.lineBytes);
  Place to = call.linesAt;
  // One byte more is for what separates the fields.
  const auto requireRoom = [&to, linesEnd](int32_t bytes) {
    if (static_cast<uint32_t>(bytes) >= linesEnd - to) trap();
  };
  for (int32_t row = 0; row < call.rows; row++) {
    prefetchRows(view, plan, call.placesAt, row, call.rows);
    const Place at = view.get<Place>(call.placesAt + static_cast<uint32_t>(row * 4));
    plan.openRow(at);
    for (int32_t index = 0; index < columns; index++) {
      const ColumnPlan column = plan.column(index);
      const int32_t length = plan.valueBytes(at, column.stored());
      const Place start = plan.valueAt(column.stored());
      Note note = {start, length, 0};
      if (column.kind() == CLEARTEXT) {
        requireRoom(cleartextBytes(view, plan, column, length, index == 0));
        if (length == NULL_BYTES) to = putPlain(view, plan.nullAt(), plan.nullBytes(), to);
        else if (length == 0) to = putPlain(view, plan.emptyAt(), plan.emptyBytes(), to);
        else to = putField(view, start, start + static_cast<uint32_t>(length), to, index == 0);
      } else if (hasCell(column, length)) {
        const int32_t bytes = cellBytes(column, length);
        requireRoom(bytes);
        note.cell = to;
        to += static_cast<uint32_t>(bytes);
      } else {
        requireRoom(plan.nullBytes());
        to = putPlain(view, plan.nullAt(), plan.nullBytes(), to);
      }
      view.put(noteAt(call.notesAt, index * call.rows + row), note);
      view.put<uint8_t>(to++, ',');
    }
    view.put<uint8_t>(to - 1, '\n');
  }
  if (to != linesEnd) trap();
}

/** SHA-256 blocks that a message takes after the key. */
int32_t countBlocks(int32_t bytes) {
  return static_cast<int32_t>(std::min((static_cast<uint32_t>(bytes) + 73) >> 6, uint32_t{MOST_BLOCKS}));
}

/** Fingerprints the noted values of a column. Returns the place of the next filler. */
Place fingerprintColumn(Machine& machine, const ColumnPlan& column, Place notes, int32_t rows, Place filler) {
  const View view = machine.view();
  // Cells are described in order of message length, so that those that are hashed together end together.
  int32_t next[MOST_BLOCKS + 2] = {};
  int32_t count = 0;
  for (int32_t row = 0; row < rows; row++) {
    const Note note = view.get<Note>(noteAt(notes, row));
    if (note.cell == 0) continue;
    next[countBlocks(note.bytes == NULL_BYTES ? FILLER_BYTES : note.bytes) + 1]++;
    count++;
  }
  if (count == 0) return filler;
  for (int32_t blocks = 1; blocks < MOST_BLOCKS + 2; blocks++) next[blocks] += next[blocks - 1];
  for (int32_t row = 0; row < rows; row++) {
    const Note note = view.get<Note>(noteAt(notes, row));
    if (note.cell == 0) continue;
    Place from = note.value;
    int32_t bytes = note.bytes;
    int32_t last = column.typeByte();
    if (bytes == NULL_BYTES) {
      from = filler;
      filler += FILLER_BYTES;
      bytes = FILLER_BYTES;
      last = column.nullTypeByte();
    }
    int32_t(&fields)[8] = machine.layout().cells[next[countBlocks(bytes)]++].fields;
    fields[0] = static_cast<int32_t>(from);
    fields[1] = bytes;
    fields[2] = last;
    fields[4] = static_cast<int32_t>(note.cell);
  }
  std::memcpy(machine.scratch().key, view.base + column.keyAt(), sizeof machine.scratch().key);
  setFingerprintKey(machine);
  fingerprintCells(machine, count);
  return filler;
}

/** Hashes the whole blocks of a target header, and leaves the remainder in the kernel. */
void setHeader(Machine& machine, Place at, int32_t bytes) {
  const uint8_t* header = machine.base + at;
  uint8_t(&block)[128] = machine.scratch().header;
  beginHeader(machine);
  int32_t done = 0;
  for (; done + 64 <= bytes; done += 64) {
    std::memcpy(block, header + done, 64);
    addHeaderBlock(machine);
  }
  std::memcpy(block, header + done, static_cast<size_t>(bytes - done));
  endHeader(machine, bytes);
}

/** Seals the noted values of a column. */
void sealColumn(Machine& machine, const ColumnPlan& column, Place notes, int32_t rows) {
  const View view = machine.view();
  Layout& layout = machine.layout();
  const int32_t pad = column.padBytes();
  int32_t count = 0;
  for (int32_t row = 0; row < rows; row++) {
    const Note note = view.get<Note>(noteAt(notes, row));
    if (note.cell == 0) continue;
    const bool isNull = note.bytes == NULL_BYTES;
    const int32_t bytes = isNull ? column.encodedNullBytes() : note.bytes;
    const int32_t before = isNull ? 0 : column.prefixBytes();
    int32_t(&fields)[8] = layout.cells[count++].fields;
    fields[0] = static_cast<int32_t>(isNull ? column.encodedNullAt() : note.value);
    fields[1] = bytes;
    fields[2] = before;
    fields[3] = pad < 0 ? 0 : pad - before - bytes;
    fields[4] = static_cast<int32_t>(note.cell);
    fields[5] = row;
  }
  if (count == 0) return;
  setHeader(machine, column.headerAt(), column.headerBytes());
  if (column.prefixBytes() > AFFIX_BYTES) trap();
  std::memcpy(layout.prefix, view.base + column.prefixAt(), static_cast<size_t>(column.prefixBytes()));
  sealCells(machine, count);
}

}  // namespace

int32_t measureLines(Machine& machine, Place planAt, Place placesAt, int32_t rows, int32_t mostBytes) {
  const View view = machine.view();
  const Plan plan(view, planAt);
  requireCount(rows);
  view.requireInIo(placesAt, rows * 4);
  const int32_t columns = plan.columns();
  int32_t bytes = 0;
  int32_t fillers = 0;
  int32_t row = 0;
  for (; row < rows; row++) {
    prefetchRows(view, plan, placesAt, row, rows);
    const Place at = view.get<Place>(placesAt + static_cast<uint32_t>(row * 4));
    plan.openRow(at);
    int64_t lineBytes = columns;
    int32_t lineFillers = 0;
    for (int32_t index = 0; index < columns; index++) {
      const ColumnPlan column = plan.column(index);
      const int32_t length = plan.valueBytes(at, column.stored());
      if (column.kind() == CLEARTEXT) lineBytes += cleartextBytes(view, plan, column, length, index == 0);
      else if (!hasCell(column, length)) lineBytes += plan.nullBytes();
      else {
        lineBytes += cellBytes(column, length);
        if (column.kind() == FINGERPRINT && length == NULL_BYTES) lineFillers++;
      }
    }
    if (lineBytes < columns || lineBytes > INT32_MAX) trap();
    if (row > 0 && lineBytes > int64_t{mostBytes} - bytes) break;
    bytes += static_cast<int32_t>(lineBytes);
    fillers += lineFillers;
  }
  plan.setMeasured(bytes, fillers);
  return row;
}

void protectLines(Machine& machine, const LinesCall& call) {
  const View view = machine.view();
  const Plan plan(view, call.plan);
  requireCount(call.rows);
  view.requireInIo(call.placesAt, call.rows * 4);
  view.requireInIo(call.linesAt, call.lineBytes);
  const int32_t columns = plan.columns();
  const int64_t noteBytes = int64_t{columns} * call.rows * NOTE_BYTES;
  if (noteBytes > INT32_MAX) trap();
  view.requireInIo(call.notesAt, static_cast<int32_t>(noteBytes));
  layLines(view, plan, call);
  Place filler = call.fillersAt;
  bool hasRoot = false;
  for (int32_t index = 0; index < columns; index++) {
    const ColumnPlan column = plan.column(index);
    const Place notes = noteAt(call.notesAt, index * call.rows);
    if (column.kind() == FINGERPRINT) filler = fingerprintColumn(machine, column, notes, call.rows, filler);
    if (column.kind() != SEALED) continue;
    if (!hasRoot) {
      std::memcpy(machine.scratch().key, view.base + plan.rootAt(), sizeof machine.scratch().key);
      setRoot(machine);
      freeSlots(machine);
      hasRoot = true;
    }
    sealColumn(machine, column, notes, call.rows);
  }
}

void maskNonces(Machine& machine, Place maskAt, int32_t rows, int32_t firstRow) {
  requireCount(rows);
  machine.requireInIo(maskAt, 32);
  const View view = machine.view();
  const __m128i low = view.vector(maskAt);
  const __m128i high = view.vector(maskAt + 16);
  for (int32_t row = 0; row < rows; row++) {
    uint8_t(&nonce)[32] = machine.layout().rowNonces[row];
    const __m128i number = _mm_cvtsi32_si128(static_cast<int32_t>(static_cast<uint32_t>(firstRow) + static_cast<uint32_t>(row)));
    store(nonce, _mm_xor_si128(_mm_xor_si128(load(nonce), low), number));
    store(nonce + 16, _mm_xor_si128(load(nonce + 16), high));
  }
}

int32_t gatherColumn(Machine& machine, const GatherCall& call) {
  const View view = machine.view();
  const Plan plan(view, call.plan);
  requireCount(call.rows);
  if (call.index < 0 || call.index >= plan.columns()) trap();
  const int32_t validityBytes = (call.rows + 7) >> 3;
  const int64_t noteBytes = (int64_t{call.index} + 1) * call.rows * NOTE_BYTES;
  if (noteBytes > INT32_MAX) trap();
  view.requireInIo(call.notesAt, static_cast<int32_t>(noteBytes));
  view.requireInIo(call.offsetsAt, (call.rows + 1) * 4);
  view.requireInIo(call.validityAt, validityBytes);
  view.requireInIo(call.bytesAt, call.mostBytes);
  const ColumnPlan column = plan.column(call.index);
  std::memset(view.base + call.validityAt, 0, static_cast<size_t>(validityBytes));
  view.put<int32_t>(call.offsetsAt, 0);
  int32_t end = 0;
  for (int32_t row = 0; row < call.rows; row++) {
    const Note note = view.get<Note>(noteAt(call.notesAt, call.index * call.rows + row));
    const bool isCell = note.cell != 0;
    if (isCell || (column.kind() == CLEARTEXT && note.bytes != NULL_BYTES)) {
      const Place from = isCell ? note.cell : note.value;
      const int32_t bytes = isCell ? cellBytes(column, note.bytes) : note.bytes;
      if (bytes > call.mostBytes - end) trap();
      view.requireInIo(from, bytes);
      view.copy(call.bytesAt + static_cast<uint32_t>(end), from, bytes);
      end += bytes;
      const Place byte = call.validityAt + static_cast<uint32_t>(row >> 3);
      view.put(byte, static_cast<uint8_t>(view.get<uint8_t>(byte) | 1 << (row & 7)));
    }
    view.put(call.offsetsAt + static_cast<uint32_t>((row + 1) * 4), end);
  }
  return end;
}

void gatherPositions(Machine& machine, Place placesAt, int32_t rows, Place to) {
  const View view = machine.view();
  requireCount(rows);
  view.requireInIo(placesAt, rows * 4);
  view.requireInIo(to, rows * POSITION_BYTES);
  for (int32_t row = 0; row < rows; row++) {
    const Place at = view.get<Place>(placesAt + static_cast<uint32_t>(row * 4));
    view.requireInIo(at, 4);
    const int32_t bytes = view.get<int32_t>(at);
    if (bytes < POSITION_BYTES) trap();
    view.requireInIo(at, bytes);
    view.put(to + static_cast<uint32_t>(row * POSITION_BYTES),
             view.get<uint64_t>(at + static_cast<uint32_t>(bytes - POSITION_BYTES)));
  }
}

}  // namespace sealroom
