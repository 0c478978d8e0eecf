// The exports of a machine by name, for whoever calls them: Node, and the test of memory safety.
#pragma once

#include "table/table.h"

namespace sealroom {

/** Most arguments of a function. */
constexpr int MOST_ARGUMENTS = 9;

/** A function on a machine. Arguments and result are numbers of 32 bits, as those of the WebAssembly module. */
struct Function {
  const char* name;
  int arguments;
  int32_t (*call)(Machine& machine, const int32_t* arguments);
};

/** A number that the machine's users need. */
struct Constant {
  const char* name;
  int32_t value;
};

constexpr Place place(int32_t argument) { return static_cast<Place>(argument); }
constexpr int32_t number(Place result) { return static_cast<int32_t>(result); }

inline constexpr Function FUNCTIONS[] = {
    {"setFingerprintKey", 0, [](Machine& m, const int32_t*) { return setFingerprintKey(m), 0; }},
    {"fingerprintCells", 1, [](Machine& m, const int32_t* a) { return fingerprintCells(m, a[0]), 0; }},
    {"setRoot", 0, [](Machine& m, const int32_t*) { return setRoot(m), 0; }},
    {"beginHeader", 0, [](Machine& m, const int32_t*) { return beginHeader(m), 0; }},
    {"addHeaderBlock", 0, [](Machine& m, const int32_t*) { return addHeaderBlock(m), 0; }},
    {"endHeader", 1, [](Machine& m, const int32_t* a) { return endHeader(m, a[0]), 0; }},
    {"sealCells", 1, [](Machine& m, const int32_t* a) { return sealCells(m, a[0]), 0; }},
    {"openCells", 2, [](Machine& m, const int32_t* a) -> int32_t { return openCells(m, a[0], a[1] != 0) ? 1 : 0; }},
    {"wipeSlots", 0, [](Machine& m, const int32_t*) { return wipeSlots(m), 0; }},
    {"wipeCall", 1, [](Machine& m, const int32_t* a) { return wipeCall(m, a[0]), 0; }},
    {"setDialect", 4, [](Machine& m, const int32_t* a) { return setDialect(m, a[0], a[1], a[2], place(a[3])), 0; }},
    {"splitRecord", 3,
     [](Machine& m, const int32_t* a) { return splitRecord(m, place(a[0]), place(a[1]), a[2] != 0); }},
    {"copyField", 2, [](Machine& m, const int32_t* a) { return number(copyField(m, a[0], place(a[1]))); }},
    {"isText", 2, [](Machine& m, const int32_t* a) -> int32_t { return isText(m, place(a[0]), place(a[1])) ? 1 : 0; }},
    {"findRows", 3, [](Machine& m, const int32_t* a) { return findRows(m, place(a[0]), a[1], place(a[2])); }},
    {"shuffleRows", 4,
     [](Machine& m, const int32_t* a) { return shuffleRows(m, place(a[0]), a[1], place(a[2]), a[3]); }},
    {"measureLines", 4,
     [](Machine& m, const int32_t* a) { return measureLines(m, place(a[0]), place(a[1]), a[2], a[3]); }},
    {"protectLines", 7,
     [](Machine& m, const int32_t* a) {
       return protectLines(m, {place(a[0]), place(a[1]), a[2], place(a[3]), place(a[4]), place(a[5]), a[6]}), 0;
     }},
    {"maskNonces", 3, [](Machine& m, const int32_t* a) { return maskNonces(m, place(a[0]), a[1], a[2]), 0; }},
    {"gatherColumn", 8,
     [](Machine& m, const int32_t* a) {
       return gatherColumn(m, {place(a[0]), a[1], a[2], place(a[3]), place(a[4]), place(a[5]), place(a[6]), a[7]});
     }},
    {"gatherPositions", 3,
     [](Machine& m, const int32_t* a) { return gatherPositions(m, place(a[0]), a[1], place(a[2])), 0; }},
    {"wipeTable", 0, [](Machine& m, const int32_t*) { return wipeTable(m), 0; }},
    {"dealRows", 5,
     [](Machine& m, const int32_t* a) {
       return dealRows(m, place(a[0]), place(a[1]), place(a[2]), a[3] != 0, place(a[4]));
     }},
    {"findRecord", 3,
     [](Machine& m, const int32_t* a) { return number(findRecord(m, place(a[0]), place(a[1]), a[2] != 0)); }},
    {"openColumn", 1, [](Machine& m, const int32_t* a) { return openColumn(m, place(a[0])); }},
    {"setOpening", 1, [](Machine& m, const int32_t* a) { return setOpening(m, place(a[0])), 0; }},
    {"openLines", 5,
     [](Machine& m, const int32_t* a) {
       return openLines(m, place(a[0]), place(a[1]), place(a[2]), a[3] != 0, place(a[4]));
     }},
    {"gcmForTests", 9,
     [](Machine& m, const int32_t* a) {
       return gcmForTests(m, {place(a[0]), place(a[1]), place(a[2]), a[3], place(a[4]), a[5], place(a[6]), a[7], a[8] != 0}),
              0;
     }},
};

inline constexpr Constant CONSTANTS[] = {
    {"keyAt", offsetof(Layout, scratch) + offsetof(Scratch, key)},
    {"headerAt", offsetof(Layout, scratch) + offsetof(Scratch, header)},
    {"prefixAt", offsetof(Layout, prefix)},
    {"prefixBytes", AFFIX_BYTES},
    {"rowNoncesAt", offsetof(Layout, rowNonces)},
    {"cellsAt", offsetof(Layout, cells)},
    {"ioAt", IO},
    {"slots", SLOTS},
    {"slackBytes", SLACK},
    {"planWords", PLAN_WORDS},
    {"columnWords", COLUMN_WORDS},
    {"noteBytes", NOTE_BYTES},
    {"fillerBytes", FILLER_BYTES},
    {"dealBytes", DEAL_BYTES},
    {"storedBytes", STORED_BYTES},
    {"partBytes", PART_BYTES},
};

}  // namespace sealroom
