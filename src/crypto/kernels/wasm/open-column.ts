import { isValid } from '../../../bytes/index.ts';
import type { ByteColumn } from '../../../bytes/index.ts';
import type { SealingRoot } from '../../keys.ts';
import { IV_BYTES, NONCE_BYTES, SEALED_OVERHEAD_BYTES } from '../../limits.ts';
import {
  atRow,
  authenticationError,
  encodedValueBytes,
  malformedCellError,
  requireSealedBody,
} from '../cell-format.ts';
import { CELL_SEALED } from '../kernel.ts';
import type { OpenedColumn, OpenCellOptions } from '../kernel.ts';
import { planOpening } from '../plan.ts';
import { chunksOf } from './chunks.ts';
import type { Chunk } from './chunks.ts';
import { CELL_FIELDS } from './machine.ts';
import type { WasmMachine } from './machine.ts';
import type { Session } from './session.ts';

/** The outcome of a cell, as the module reports it. */
const OPENED = 0;
const MALFORMED = 1;
const FORGED = 2;

/** The error for the refused cell described at `field` of the descriptions, whose text is at `start`. */
function refusalOf(machine: WasmMachine, field: number, options: OpenCellOptions): unknown {
  const outcome = machine.cells[field + 3];
  if (outcome === MALFORMED) return malformedCellError();
  if (outcome === FORGED) return authenticationError();
  // The payload is authentic and has replaced the ciphertext; `encodedValueBytes` throws the precise error.
  const payloadAt = (machine.cells[field] ?? 0) + NONCE_BYTES + IV_BYTES;
  const payloadBytes = (machine.cells[field + 2] ?? 0) - SEALED_OVERHEAD_BYTES;
  try {
    return encodedValueBytes(machine.bytes.subarray(payloadAt, payloadAt + payloadBytes), options);
  } catch (error) {
    return error;
  }
}

/** Opens the rows of a chunk and writes their values and offsets; returns where the values end. */
function openChunk(
  machine: WasmMachine,
  cells: ByteColumn,
  kinds: Uint8Array,
  chunk: Chunk,
  offsets: Int32Array,
  target: Uint8Array,
  options: OpenCellOptions,
): void {
  const { first, end } = chunk;
  const firstByte = cells.offsets[first] ?? 0;
  const textBytes = (cells.offsets[end] ?? 0) - firstByte;
  machine.reserve(textBytes);
  machine.bytes.set(cells.bytes.subarray(firstByte, firstByte + textBytes), machine.ioAt);
  const described = machine.cells;
  const shift = machine.ioAt - firstByte;
  let count = 0;
  for (let row = first; row < end; row++) {
    if (!isValid(cells.validity, row)) continue;
    const start = cells.offsets[row] ?? 0;
    const stop = cells.offsets[row + 1] ?? 0;
    const field = count * CELL_FIELDS;
    described[field] = start + shift;
    described[field + 1] = stop - start;
    described[field + 2] = kinds[row] === CELL_SEALED ? requireSealedBody(cells.bytes, start, stop) : 0;
    described[field + 5] = row % machine.slots;
    count++;
  }
  const hasOpened = count === 0 || machine.exports.openCells(count, options.lenientCells === true ? 1 : 0) === 1;
  let at = offsets[first] ?? 0;
  const from = machine.cells[0] ?? 0;
  const firstValue = at;
  let cell = 0;
  for (let row = first; row < end; row++) {
    if (isValid(cells.validity, row)) {
      const field = cell * CELL_FIELDS;
      if (!hasOpened && machine.cells[field + 3] !== OPENED) throw atRow(refusalOf(machine, field, options), row);
      at += machine.cells[field + 4] ?? 0;
      cell++;
    }
    offsets[row + 1] = at;
  }
  target.set(machine.bytes.subarray(from, from + at - firstValue), firstValue);
}

/** Opens the sealed cells of a column. */
export function openColumn(
  session: Session,
  root: SealingRoot,
  cells: ByteColumn,
  options: OpenCellOptions = {},
): OpenedColumn {
  const { kinds, hasSealed, mostBytes } = planOpening(cells);
  if (!hasSealed) return { kinds, values: cells };
  const offsets = new Int32Array(cells.rows + 1);
  const bytes = session.memory.bytes(mostBytes);
  let ioBytes = 0;
  try {
    const { machine } = session;
    root.use((rootKey) => {
      machine.bytes.set(rootKey, machine.keyAt);
    });
    machine.exports.setRoot();
    session.claimSlots(root, 0);
    for (const chunk of chunksOf(cells, cells.offsets, machine.slots)) {
      ioBytes = Math.max(ioBytes, (cells.offsets[chunk.end] ?? 0) - (cells.offsets[chunk.first] ?? 0));
      openChunk(machine, cells, kinds, chunk, offsets, bytes, options);
    }
  } finally {
    session.endCall(ioBytes);
    session.releaseSlotsSoon(root);
  }
  const values = { rows: cells.rows, offsets, bytes: bytes.subarray(0, offsets[cells.rows]), validity: cells.validity };
  return { kinds, values };
}
