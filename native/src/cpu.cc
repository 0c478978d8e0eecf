#include "cpu.h"

#include <cpuid.h>

#include <cstdint>

namespace sealroom {
namespace {

/** The registers that CPUID fills. */
struct Registers {
  uint32_t a, b, c, d;
};

Registers cpuid(uint32_t leaf) {
  Registers registers{};
  __get_cpuid_count(leaf, 0, &registers.a, &registers.b, &registers.c, &registers.d);
  return registers;
}

bool hasBit(uint32_t word, int bit) { return (word >> bit & 1) != 0; }

/** Whether the system keeps the registers of AVX when it switches threads (Intel SDM volume 1, §14.3). */
bool keepsAvx(const Registers& basic) {
  if (!hasBit(basic.c, 27)) return false;
  uint32_t low;
  uint32_t high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (low & 6) == 6;
}

}  // namespace

std::string missingInstructions() {
  const Registers basic = cpuid(1);
  const Registers extended = cpuid(7);
  const struct {
    const char* name;
    bool isThere;
  } needed[] = {
      {"PCLMUL", hasBit(basic.c, 1)}, {"SSSE3", hasBit(basic.c, 9)},
      {"SSE4.1", hasBit(basic.c, 19)}, {"AES", hasBit(basic.c, 25)},
      {"AVX2", hasBit(extended.b, 5) && keepsAvx(basic)}, {"SHA", hasBit(extended.b, 29)},
  };
  std::string missing;
  for (const auto& [name, isThere] : needed) {
    if (isThere) continue;
    if (!missing.empty()) missing += ' ';
    missing += name;
  }
  return missing;
}

}  // namespace sealroom
