import { isValid, wipe } from '../../../bytes/index.ts';
import type { ByteColumn } from '../../../bytes/index.ts';
import { NULL_FLAG } from '../../client-type.ts';
import { FINGERPRINT_CELL_BYTES, NULL_FILLER_BYTES } from '../../limits.ts';
import { randomBytes } from '../../nonce.ts';
import type { FingerprintTask } from '../kernel.ts';
import { planFingerprints } from '../plan.ts';
import { chunksOf } from './chunks.ts';
import type { Chunk } from './chunks.ts';
import { CELL_FIELDS } from './machine.ts';
import type { Session } from './session.ts';

/** Messages are grouped by block count up to this; longer ones are hashed together in the order they come. */
const MOST_BLOCKS = 64;

/** Index of the next description per block count; reused between calls, each of which fills it. */
const nextPlaces = new Int32Array(MOST_BLOCKS + 2);

/** SHA-256 blocks that a value takes after the key: value, type byte, the bit 1 and a length of 8 bytes. */
function countBlocks(bytes: number): number {
  return Math.min((bytes + 73) >> 6, MOST_BLOCKS);
}

/** Fingerprints the rows of a chunk; returns the bytes of machine memory that were used. */
function fingerprintChunk(
  { machine }: Session,
  task: FingerprintTask,
  values: ByteColumn,
  chunk: Chunk,
  ends: Int32Array,
  target: Uint8Array,
): number {
  const { first, end } = chunk;
  const firstByte = values.offsets[first] ?? 0;
  const valueBytes = (values.offsets[end] ?? 0) - firstByte;
  const firstCell = ends[first] ?? 0;
  const cellBytes = (ends[end] ?? 0) - firstCell;
  if (cellBytes === 0) return 0;

  // Cells are described in order of message length, so that four that are hashed together end together.
  nextPlaces.fill(0);
  let nulls = 0;
  for (let row = first; row < end; row++) {
    let bytes = NULL_FILLER_BYTES;
    if (isValid(values.validity, row)) bytes = (values.offsets[row + 1] ?? 0) - (values.offsets[row] ?? 0);
    else if (task.nulls === 'keep') continue;
    else nulls++;
    const place = countBlocks(bytes) + 1;
    nextPlaces[place] = (nextPlaces[place] ?? 0) + 1;
  }
  for (let blocks = 1; blocks < nextPlaces.length; blocks++) {
    nextPlaces[blocks] = (nextPlaces[blocks] ?? 0) + (nextPlaces[blocks - 1] ?? 0);
  }

  const fillersAt = machine.ioAt + valueBytes;
  const cellsAt = fillersAt + nulls * NULL_FILLER_BYTES + machine.slackBytes;
  const ioBytes = cellsAt + cellBytes - machine.ioAt;
  machine.reserve(ioBytes);
  machine.bytes.set(values.bytes.subarray(firstByte, firstByte + valueBytes), machine.ioAt);
  if (nulls > 0) {
    //= format F-28
    const fillers = randomBytes(nulls * NULL_FILLER_BYTES);
    machine.bytes.set(fillers, fillersAt);
    wipe(fillers);
  }

  const { cells } = machine;
  const shift = machine.ioAt - firstByte;
  let filler = fillersAt;
  let to = cellsAt;
  for (let row = first; row < end; row++) {
    const start = values.offsets[row] ?? 0;
    let from = start + shift;
    let bytes = (values.offsets[row + 1] ?? 0) - start;
    let typeByte = task.typeByte;
    if (!isValid(values.validity, row)) {
      if (task.nulls === 'keep') continue;
      from = filler;
      filler += NULL_FILLER_BYTES;
      bytes = NULL_FILLER_BYTES;
      typeByte |= NULL_FLAG;
    }
    const blocks = countBlocks(bytes);
    const place = nextPlaces[blocks] ?? 0;
    nextPlaces[blocks] = place + 1;
    const at = place * CELL_FIELDS;
    cells[at] = from;
    cells[at + 1] = bytes;
    cells[at + 2] = typeByte;
    cells[at + 4] = to;
    to += FINGERPRINT_CELL_BYTES;
  }
  machine.exports.fingerprintCells(cellBytes / FINGERPRINT_CELL_BYTES);
  target.set(machine.bytes.subarray(cellsAt, cellsAt + cellBytes), firstCell);
  return ioBytes;
}

/** The fingerprint cells of a column. */
export function fingerprintColumn(session: Session, task: FingerprintTask, values: ByteColumn): ByteColumn {
  const { offsets, validity } = planFingerprints(task, values, NULL_FILLER_BYTES);
  const bytes = session.memory.bytes(offsets[values.rows] ?? 0);
  let ioBytes = 0;
  try {
    const { machine } = session;
    task.key.use((key) => {
      machine.bytes.set(key, machine.keyAt);
    });
    machine.exports.setFingerprintKey();
    for (const chunk of chunksOf(values, offsets, machine.slots)) {
      ioBytes = Math.max(ioBytes, fingerprintChunk(session, task, values, chunk, offsets, bytes));
    }
  } finally {
    session.endCall(ioBytes);
  }
  return { rows: values.rows, offsets, bytes, validity };
}
