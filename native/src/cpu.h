// What the processor can do.
#pragma once

#include <string>

namespace sealroom {

/** The instructions that the kernel uses and this processor or system lacks, separated by spaces; empty if it can run. */
std::string missingInstructions();

}  // namespace sealroom
