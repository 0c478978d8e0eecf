// Wiping: what WebAssembly's kernel wipes, and what the compiler has put on the stack.
#include <immintrin.h>

#include <cstring>

#include "machine.h"
#include "table/table.h"

namespace sealroom {
namespace {

/** More than the functions of a call put on the stack together. */
constexpr size_t STACK_BYTES = 16'384;

/** Fills with zeros. The compiler must take the memory for read afterwards, so that it does not leave the filling out. */
void wipe(void* at, size_t bytes) {
  std::memset(at, 0, bytes);
  asm volatile("" : : "r"(at) : "memory");
}

/** Wipes the part of the stack that the calls before this one have used. */
__attribute__((noinline)) void wipeStack() {
  uint8_t stack[STACK_BYTES];
  wipe(stack, sizeof stack);
  _mm256_zeroall();
}

}  // namespace

void freeSlots(Machine& machine) { std::memset(machine.isDerived, 0, sizeof machine.isDerived); }

void wipeSlots(Machine& machine) {
  wipe(machine.layout().slots, static_cast<size_t>(machine.usedSlots) * sizeof(Slot));
  freeSlots(machine);
  machine.usedSlots = 0;
}

void wipeTable(Machine& machine) {
  constexpr size_t FIRST = offsetof(Layout, slots);
  wipe(machine.base + FIRST, static_cast<size_t>(machine.bytes) - FIRST);
  machine.usedBodyBytes = 0;
  wipeSlots(machine);
  wipeStack();
}

void wipeCall(Machine& machine, int32_t ioBytes) {
  machine.requireInIo(IO, ioBytes);
  Layout& layout = machine.layout();
  wipe(&layout.scratch, sizeof layout.scratch);
  wipe(layout.bodies, machine.usedBodyBytes);
  machine.usedBodyBytes = 0;
  wipe(machine.base + IO, static_cast<size_t>(ioBytes));
  wipeStack();
}

}  // namespace sealroom
