// A machine: a memory of its own and the functions that work on it, with the exports of the WebAssembly kernel.
#pragma once

#include <cstdint>

#include "layout.h"
#include "table/state.h"
#include "view.h"

namespace sealroom {

/** The state of a machine. Numbers that decide where to write are kept here, where JavaScript does not reach them. */
struct Machine {
  /** The memory: a `Layout`, then IO. */
  uint8_t* base = nullptr;
  /** Bytes of the memory that can be used. */
  uint64_t bytes = 0;

  /** Whether a row's slot has keys, and for rows from `usedSlots` on it never has. */
  bool isDerived[SLOTS] = {};
  int32_t usedSlots = 0;
  /** Bytes of the target header in its last, incomplete block. */
  uint32_t headerRest = 0;
  /** Bytes of `Layout::bodies` that the current call uses. */
  uint32_t usedBodyBytes = 0;
  TableState table;

  Layout& layout() { return *reinterpret_cast<Layout*>(base); }
  Scratch& scratch() { return layout().scratch; }

  View view() const { return {base, bytes}; }
  void requireInIo(Place at, int32_t length) const { view().requireInIo(at, length); }
};

/** Traps unless a call has 1 to `SLOTS` cells. */
inline void requireCount(int32_t count) {
  if (count < 1 || count > SLOTS) trap();
}

// The exports. What they expect in memory is what the exports of the same names in
// src/crypto/kernels/wasm/assembly expect.

void setFingerprintKey(Machine& machine);
void fingerprintCells(Machine& machine, int32_t count);
void setRoot(Machine& machine);
void beginHeader(Machine& machine);
void addHeaderBlock(Machine& machine);
void endHeader(Machine& machine, int32_t bytes);
void sealCells(Machine& machine, int32_t count);
/** Whether every cell opened. No export by itself: what reads tables opens cells where they lie. */
bool openInPlace(Machine& machine, int32_t count, bool isLenient);
bool openCells(Machine& machine, int32_t count, bool isLenient);
/** Makes all slots free again and leaves their keys, for more rows under the same root. */
void freeSlots(Machine& machine);
void wipeSlots(Machine& machine);
void wipeCall(Machine& machine, int32_t ioBytes);

/** What `gcmForTests` works on. */
struct GcmPlaces {
  uint32_t key;
  uint32_t iv;
  uint32_t aad;
  int32_t aadBytes;
  uint32_t data;
  int32_t bytes;
  uint32_t tag;
  int32_t lane;
  bool isDecrypting;
};
void gcmForTests(Machine& machine, const GcmPlaces& places);

}  // namespace sealroom
