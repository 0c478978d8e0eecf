import { encodeUtf8, isValid } from '../../../bytes/index.ts';
import type { ByteColumn } from '../../../bytes/index.ts';
import { requireTargetHeader } from '../../keys.ts';
import { NONCE_BYTES } from '../../limits.ts';
import type { RowKeys, SealTask } from '../kernel.ts';
import { planSeals } from '../plan.ts';
import { chunksOf } from './chunks.ts';
import type { Chunk } from './chunks.ts';
import { CELL_FIELDS } from './machine.ts';
import type { WasmMachine } from './machine.ts';
import { requireSlotKeys } from './row-keys.ts';
import type { Session } from './session.ts';

/** Bytes of one block of SHA-256. */
const BLOCK_BYTES = 64;

/** Hashes the whole blocks of the target header, and leaves the remainder in the machine. */
function setHeader(machine: WasmMachine, targetHeader: string): void {
  const header = encodeUtf8(targetHeader);
  machine.exports.beginHeader();
  let at = 0;
  for (; at + BLOCK_BYTES <= header.length; at += BLOCK_BYTES) {
    machine.bytes.set(header.subarray(at, at + BLOCK_BYTES), machine.headerAt);
    machine.exports.addHeaderBlock();
  }
  machine.bytes.set(header.subarray(at), machine.headerAt);
  machine.exports.endHeader(header.length);
}

/** Seals the rows of a chunk; returns the bytes of machine memory that were used. */
function sealChunk(
  machine: WasmMachine,
  task: SealTask,
  values: ByteColumn,
  chunk: Chunk,
  ends: Int32Array,
  target: Uint8Array,
): number {
  const { first, end } = chunk;
  const { prefix, nullEncoding, padTargetBytes } = task;
  const firstByte = values.offsets[first] ?? 0;
  const valueBytes = (values.offsets[end] ?? 0) - firstByte;
  const firstCell = ends[first] ?? 0;
  const cellBytes = (ends[end] ?? 0) - firstCell;
  if (cellBytes === 0) return 0;
  const nullAt = machine.ioAt + valueBytes;
  const cellsAt = nullAt + (nullEncoding?.length ?? 0) + machine.slackBytes;
  const ioBytes = cellsAt + cellBytes - machine.ioAt;
  machine.reserve(ioBytes);
  machine.bytes.set(values.bytes.subarray(firstByte, firstByte + valueBytes), machine.ioAt);
  if (nullEncoding !== null) machine.bytes.set(nullEncoding, nullAt);

  const { cells } = machine;
  const shift = machine.ioAt - firstByte;
  let count = 0;
  for (let row = first; row < end; row++) {
    const at = ends[row] ?? 0;
    if (at === ends[row + 1]) continue;
    const start = values.offsets[row] ?? 0;
    let from = start + shift;
    let bytes = (values.offsets[row + 1] ?? 0) - start;
    let prefixBytes = prefix.length;
    if (!isValid(values.validity, row)) {
      //= format F-35
      from = nullAt;
      bytes = nullEncoding?.length ?? 0;
      prefixBytes = 0;
    }
    const field = count * CELL_FIELDS;
    cells[field] = from;
    cells[field + 1] = bytes;
    cells[field + 2] = prefixBytes;
    cells[field + 3] = padTargetBytes === null ? 0 : padTargetBytes - prefixBytes - bytes;
    cells[field + 4] = at - firstCell + cellsAt;
    cells[field + 5] = row % machine.slots;
    count++;
  }
  machine.exports.sealCells(count);
  target.set(machine.bytes.subarray(cellsAt, cellsAt + cellBytes), firstCell);
  return ioBytes;
}

/** The sealed cells of a column. */
export function sealColumn(session: Session, task: SealTask, keys: RowKeys, values: ByteColumn): ByteColumn {
  requireTargetHeader(task.targetHeader);
  const { offsets, validity } = planSeals(task, values);
  const slotKeys = requireSlotKeys(session, keys, values.rows);
  const bytes = session.memory.bytes(offsets[values.rows] ?? 0);
  let ioBytes = 0;
  try {
    const { machine } = session;
    slotKeys.useRoot((root) => {
      machine.bytes.set(root, machine.keyAt);
    });
    machine.exports.setRoot();
    setHeader(machine, task.targetHeader);
    // The plan has refused a prefix that is too long for a cell, unless no row has a value to prefix.
    const room = machine.exports.prefixBytes.value;
    machine.bytes.set(task.prefix.subarray(0, room), machine.prefixAt);
    for (const chunk of chunksOf(values, offsets, machine.slots)) {
      const windowFirst = chunk.first - (chunk.first % machine.slots);
      if (session.claimSlots(keys, windowFirst)) {
        const nonces = keys.nonces.subarray(windowFirst * NONCE_BYTES, (windowFirst + machine.slots) * NONCE_BYTES);
        machine.bytes.set(nonces, machine.rowNoncesAt);
      }
      ioBytes = Math.max(ioBytes, sealChunk(machine, task, values, chunk, offsets, bytes));
    }
  } finally {
    session.endCall(ioBytes);
  }
  return { rows: values.rows, offsets, bytes, validity };
}
