import { FIELD_WORDS, separatorNumber, type TableMachine } from '../../machine/machine.ts';
import { Places } from '../../machine/places.ts';
import { encodeTexts } from '../../machine/texts.ts';
import type { DealSetup } from './deal-setup.ts';

/** Bytes of text that are read at once, and the most of a record. */
export const TEXT_BYTES = 1 << 20;
/** Random numbers of 16 bits that are drawn at once. */
export const DRAWS = 1 << 15;
/** Room for samples in bytes. */
const SAMPLES_BYTES = 1 << 20;

/** Words of the description of a deal; see `assembly/deal.ts`. */
export const DEAL_WORDS = {
  nextDraw: 8,
  run: 10,
  rows: 11,
  samplesTo: 13,
  sampleHead: 15,
  at: 16,
  fullPart: 17,
} as const;

/** Words of the description of a stored column, of which the first ones are given and the others found. */
export const STORED_WORDS = {
  longest: 5,
  nulls: 6,
  values: 7,
  changed: 8,
  missing: 9,
  bytes: 10,
  sealedGroups: 12,
} as const;

/** Bits of a stored column: its normalising steps, and whether nulls are refused. */
const FLAGS = { normalised: 1, trims: 2, lowers: 4, refusesNulls: 8 } as const;

/** Words of the description of a part: where its next row goes, the end of its room, and its rows. */
export const PART_WORDS = { to: 0, end: 1, rows: 2 } as const;

/** The places of a deal in the memory of a machine. */
export interface DealMemory {
  /** The description of the deal, and of its stored columns and parts. */
  readonly deal: number;
  readonly stored: number;
  readonly parts: number;
  /** Room for text: what was left of the last one, and {@link TEXT_BYTES} more. */
  readonly text: number;
  readonly draws: number;
  readonly samples: number;
  /** The rooms of the parts, one behind the other. */
  readonly rooms: number;
  readonly end: number;
}

/** The most stored columns of one field. */
function mostPerField(columns: DealSetup['columns']): number {
  const counts = new Map<number, number>();
  for (const { field } of columns) counts.set(field, (counts.get(field) ?? 0) + 1);
  return Math.max(...counts.values());
}

/**
 * Describes a deal to a machine, and makes room for it from `ioAt` on.
 *
 * @returns its places
 */
export function layOutDeal(machine: TableMachine, setup: DealSetup): DealMemory {
  const { columns, sampled, parts, roomBytes, nullRule } = setup;
  const { dealBytes, storedBytes, partBytes } = machine.exports;
  const places = new Places(machine);
  const fields = places.take(setup.fields * FIELD_WORDS * 4);
  const deal = places.take(dealBytes.value);
  const stored = places.take(columns.length * storedBytes.value);
  const sources = places.take((sampled?.length ?? 0) * 4);
  const partsAt = places.take(parts * partBytes.value);
  const [nullTexts] = places.put(encodeTexts(nullRule.tokens));
  const missingTexts = columns.map(({ steps }) => places.put(encodeTexts(steps?.nulls ?? []))[0]);
  const memory = {
    ...{ deal, stored, parts: partsAt },
    text: places.take(TEXT_BYTES * 2),
    draws: places.take(DRAWS * 2),
    samples: places.take(sampled === null ? 0 : SAMPLES_BYTES),
  };
  const rooms = places.take(parts * roomBytes);
  const { buffer } = machine.exports.memory;
  const rule = (nullRule.blankIsNull ? 1 : 0) | (nullRule.quotedEmptyIsNull ? 2 : 0);
  new Int32Array(buffer, memory.deal, dealBytes.value / 4).set([
    ...[columns.length, memory.stored, sampled?.length ?? 0, sources, rule, nullTexts, parts, memory.parts],
    ...[memory.draws + DRAWS * 2, memory.draws + DRAWS * 2, -1, 0],
    ...[memory.samples, memory.samples, memory.samples + (sampled === null ? 0 : SAMPLES_BYTES), 0],
    ...[0, 0, mostPerField(columns)],
  ]);
  new Int32Array(buffer, sources, sampled?.length ?? 0).set(sampled ?? []);
  for (const [index, { field, steps, mostBytes, acceptsNulls, overheadBytes }] of columns.entries()) {
    const flags =
      (steps === null ? 0 : FLAGS.normalised) |
      (steps?.trims === true ? FLAGS.trims : 0) |
      (steps?.lowers === true ? FLAGS.lowers : 0) |
      (acceptsNulls ? 0 : FLAGS.refusesNulls);
    new Int32Array(buffer, memory.stored + index * storedBytes.value).set([
      ...[field, flags, mostBytes, missingTexts[index] ?? 0, overheadBytes],
    ]);
  }
  machine.exports.setDialect(setup.delimiter, separatorNumber(setup.separator), setup.fields, fields);
  return { ...memory, rooms, end: places.end };
}
