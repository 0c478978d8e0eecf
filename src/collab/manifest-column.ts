import { COLUMN_KINDS, type ColumnKind, parseHeader } from '../schema/index.ts';
import { SealroomError } from '../errors/index.ts';
import { isNormalised, type Normalisation } from '../normalise/index.ts';
import { parseTypeName } from './column-type.ts';
import type { Cursor } from './cursor.ts';
import { readNormalisation } from './normalisation.ts';

/** A column of a table in the room, that is, after encryption; and what is done to its values before. */
export interface ManifestColumn extends Normalisation {
  /** A header that follows the naming rule of schemas. */
  readonly name: string;
  readonly protection: ColumnKind;
  /** SQL type in the room, by the room's name, as `familyOf` knows it; VARCHAR for protected columns. */
  readonly type: string;
  /** C3R's name for the type before protection, such as `STRING`; `null` if not given, and for cleartext. */
  readonly clearType: string | null;
}

/** C3R's names for the types that can be protected. */
const CLEAR_TYPES = [
  'STRING',
  'BIGINT',
  'BOOLEAN',
  'CHAR',
  'DATE',
  'DECIMAL',
  'DOUBLE',
  'FLOAT',
  'INT',
  'SMALLINT',
  'TIMESTAMP',
  'VARCHAR',
] as const;

/** Reads the name of a column, in the form that it has in the room. */
function readColumnName(cursor: Cursor): string | null {
  const name = cursor.text({ pattern: /./s, words: 'the name of a column' });
  if (name === null) return null;
  try {
    const header = parseHeader(name);
    return header === name ? name : cursor.refuse('a column name must be in lower case and have no blanks around it');
  } catch (error) {
    if (!(error instanceof SealroomError)) throw error;
    return cursor.refuse(`not a valid header: ${error.message}`, error.hint);
  }
}

/** Reads a SQL type as {@link parseTypeName} knows it, and returns the room's name for it. */
export function readColumnType(cursor: Cursor): string | null {
  const text = cursor.text({ pattern: /./s, words: 'a SQL type' });
  if (text === null) return null;
  const name = parseTypeName(text);
  return name.kind === 'known' ? name.type : cursor.refuse(name.message, name.hint);
}

/** Reads a column; `null` if anything is wrong with it. */
export function readManifestColumn(cursor: Cursor): ManifestColumn | null {
  if (!cursor.object(['name', 'protection', 'type', 'clearType', 'scale', 'normalise', 'nulls'])) return null;
  const protection = cursor.at('protection');
  if (protection.is('x-additive')) {
    protection.refuseUnsupported('additive columns');
    return null;
  }
  const scale = cursor.at('scale');
  if (scale.isGiven) scale.refuse('only an additive column has a scale');
  const name = readColumnName(cursor.at('name'));
  const kind = protection.oneOf(COLUMN_KINDS);
  const type = readColumnType(cursor.at('type'));
  if (kind !== null && kind !== 'cleartext' && type !== null && type !== 'VARCHAR') {
    cursor
      .at('type')
      .refuse(`expected VARCHAR for a ${kind} column, got ${type}`, 'the type before encryption is `clearType`');
  }
  const clearType = readClearType(cursor.at('clearType'), kind);
  const normalisation = readNormalisation(cursor);
  //= format F-114
  if (isNormalised(normalisation) && clearType !== null && clearType !== 'STRING') {
    cursor.at('clearType').refuse(`expected STRING for a column that is normalised, got ${clearType}`);
  }
  return name === null || kind === null || type === null
    ? null
    : Object.freeze({ name, protection: kind, type, clearType, ...normalisation });
}

function readClearType(cursor: Cursor, kind: ColumnKind | null): string | null {
  if (!cursor.isGiven) return null;
  if (kind === 'cleartext') return cursor.refuse('only a protected column has a `clearType`');
  return cursor.oneOf(CLEAR_TYPES);
}
