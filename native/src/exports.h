// The exports of a machine by name, for whoever calls them: Node, and the test of memory safety.
#pragma once

#include "machine.h"

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
    {"gcmForTests", 9,
     [](Machine& m, const int32_t* a) {
       const auto place = [a](int i) { return static_cast<uint32_t>(a[i]); };
       return gcmForTests(m, {place(0), place(1), place(2), a[3], place(4), a[5], place(6), a[7], a[8] != 0}), 0;
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
};

}  // namespace sealroom
