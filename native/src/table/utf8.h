// Checks that a text is UTF-8: src/tabular/csv/assembly/utf8.ts.
#pragma once

#include "../view.h"

namespace sealroom {

/** Whether the bytes [at, end) are whole characters in UTF-8. The bytes behind them are read, up to 63 of them, and ignored. */
bool isUtf8(View view, Place at, Place end);

}  // namespace sealroom
