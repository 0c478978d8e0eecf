// The exports for tables. What they expect in memory, and what they return, the functions of the same names in
// src/protect/machine/assembly say.
#pragma once

#include "../machine.h"

namespace sealroom {

void setDialect(Machine& machine, int32_t delimiter, int32_t separator, int32_t fields, Place fieldsAt);
int32_t splitRecord(Machine& machine, Place at, Place end, bool isLast);
Place copyField(Machine& machine, int32_t field, Place to);
bool isText(Machine& machine, Place at, Place end);

/** Numbers of the plan of `protectLines`, and of the description of a column; bytes of a note and of a filler. */
constexpr int32_t PLAN_WORDS = 11;
constexpr int32_t COLUMN_WORDS = 10;
constexpr int32_t NOTE_BYTES = 12;
constexpr int32_t FILLER_BYTES = 32;

int32_t findRows(Machine& machine, Place rowsAt, int32_t bytes, Place placesAt);
int32_t shuffleRows(Machine& machine, Place placesAt, int32_t left, Place randomAt, int32_t randoms);
int32_t measureLines(Machine& machine, Place plan, Place placesAt, int32_t rows, int32_t mostBytes);
void maskNonces(Machine& machine, Place maskAt, int32_t rows, int32_t firstRow);

/** Places and numbers of `protectLines`. */
struct LinesCall {
  Place plan;
  Place placesAt;
  int32_t rows;
  Place notesAt;
  Place fillersAt;
  Place linesAt;
  int32_t lineBytes;
};
void protectLines(Machine& machine, const LinesCall& call);

/** Places and numbers of `gatherColumn`. */
struct GatherCall {
  Place plan;
  int32_t index;
  int32_t rows;
  Place notesAt;
  Place offsetsAt;
  Place validityAt;
  Place bytesAt;
  int32_t mostBytes;
};
int32_t gatherColumn(Machine& machine, const GatherCall& call);
void gatherPositions(Machine& machine, Place placesAt, int32_t rows, Place to);
void wipeTable(Machine& machine);

/** Bytes of the descriptions of a deal, of a stored column and of a part. */
constexpr int32_t DEAL_BYTES = 76;
constexpr int32_t STORED_BYTES = 56;
constexpr int32_t PART_BYTES = 12;

int32_t dealRows(Machine& machine, Place deal, Place at, Place end, bool isLast, Place stop);
Place findRecord(Machine& machine, Place at, Place end, bool isLast);

int32_t openColumn(Machine& machine, Place opening);
void setOpening(Machine& machine, Place plan);
int32_t openLines(Machine& machine, Place at, Place stop, Place end, bool isLast, Place to);

}  // namespace sealroom
