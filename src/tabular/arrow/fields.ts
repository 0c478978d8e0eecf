import { Endianness } from 'apache-arrow/fb/endianness';
import type { Field as FieldTable } from 'apache-arrow/fb/field';
import { Int } from 'apache-arrow/fb/int';
import type { Schema } from 'apache-arrow/fb/schema';
import { SealroomError } from '../../errors/index.ts';
import { type ArrowType, readType } from './types.ts';

/** Most fields of a schema, nested ones too. A damaged schema could name the same children again and again. */
const MAX_FIELDS = 100_000;

/** The integers that point into a dictionary. */
export interface DictionaryKeys {
  readonly id: bigint;
  readonly bytes: number;
  readonly isSigned: boolean;
}

/** A field of an Arrow schema: a column, or a part of a nested one. */
export interface ArrowField {
  /** Empty if it has none. */
  readonly name: string;
  /** That of its values, if it has a dictionary. */
  readonly type: ArrowType;
  readonly children: readonly ArrowField[];
  readonly dictionary: DictionaryKeys | null;
}

/**
 * The fields of an Arrow schema.
 *
 * @throws {SealroomError} IO_FORMAT if the values are big-endian; {RangeError} if the schema is damaged.
 */
//= format F-141
export function readFields(schema: Schema): readonly ArrowField[] {
  if (schema.endianness() !== Endianness.Little) {
    throw new SealroomError('IO_FORMAT', 'the Arrow table is big-endian, and only little-endian ones can be read', {
      hint: 'write it again on a machine that is little-endian, for example by reading and writing it with pyarrow',
    });
  }
  const count = { fields: 0 };
  return readMany(schema.fieldsLength(), (index) => schema.fields(index), count);
}

function readMany(
  length: number,
  at: (index: number) => FieldTable | null,
  count: { fields: number },
): readonly ArrowField[] {
  count.fields += length;
  if (length < 0 || count.fields > MAX_FIELDS) throw new RangeError('too many fields');
  return Array.from({ length }, (_, index) => {
    const field = at(index);
    if (field === null) throw new RangeError('a missing field');
    return readField(field, count);
  });
}

function readField(field: FieldTable, count: { fields: number }): ArrowField {
  const children = readMany(field.childrenLength(), (index) => field.children(index), count);
  const type = readType(field);
  const encoding = field.dictionary();
  if (encoding === null) return { name: field.name() ?? '', type, children, dictionary: null };
  const keys = encoding.indexType(new Int());
  const dictionary = {
    id: encoding.id(),
    bytes: (keys?.bitWidth() ?? 32) / 8,
    isSigned: keys?.isSigned() ?? true,
  };
  return { name: field.name() ?? '', type, children, dictionary };
}
