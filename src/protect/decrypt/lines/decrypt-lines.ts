import { type FileHandle, open } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SealingRoot } from '../../../crypto/index.ts';
import { shareKeys } from '../../../crypto/index.ts';
import { SealroomError } from '../../../errors/index.ts';
import { readFailure } from '../../../files/index.ts';
import {
  checkTransfer,
  createOutput,
  type CsvStart,
  csvNullMarks,
  openCsvStart,
  stoppedBy,
  type TableWriter,
  toTableOutput,
  nameOf,
} from '../../../tabular/index.ts';
import { startThreads, threadsFor } from '../../../workers/index.ts';
import { canRunTables, TableMachine } from '../../machine/machine.ts';
import { requireHeaders } from '../core/headers.ts';
import { MixedColumns } from '../core/mixed-columns.ts';
import { type FoundCells, nothingFound } from '../core/opener.ts';
import type { DecryptOptions } from '../decrypt-table.ts';
import { type Declined, declined, describeReason } from './declined.ts';
import { LineOpener, type LineOpening, MOST_MARK_BYTES } from './line-opener.ts';
import { countRanges, type LineRanges, RangeOpener } from './range-opener.ts';
import { Turns } from './turns.ts';
import type { LineWorkerSetup } from './worker.ts';
