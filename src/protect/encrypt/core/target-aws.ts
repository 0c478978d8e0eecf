import type { ColumnType, Field } from '../../../columns/index.ts';
import { joinProblems, SealroomError } from '../../../errors/index.ts';
import type { TableFormat } from '../../../tabular/index.ts';

/** Most characters of a column name in AWS Glue and Clean Rooms. */
const MOST_NAME_CHARACTERS = 127;

const MB = 1_000_000;

/** The sizes that AWS advises for a file, in bytes. */
const FILE_BYTES = { least: 100 * MB, most: 1000 * MB };

/**
 * Refuses a table that AWS Glue or AWS Clean Rooms would refuse, or read wrong.
 *
 * @throws {SealroomError} IO_FORMAT for Arrow; DATA_HEADER for names, DATA_TYPE for types, with all that is wrong.
 */
//= format F-134
export function requireFitForAws(fields: readonly Field[], format: TableFormat): void {
  if (format === 'arrow') {
    throw new SealroomError('IO_FORMAT', 'AWS reads no Arrow tables', { hint: 'write CSV or Parquet' });
  }
  const [first, ...rest] = fields.flatMap((field) => [...nameProblems(field), ...typeProblems(field)]);
  if (first !== undefined) throw joinProblems(first, rest);
}

function nameProblems({ name }: Field): readonly SealroomError[] {
  const refuse = (problem: string): readonly SealroomError[] => [
    new SealroomError('DATA_HEADER', `column \`${name}\`: for AWS, ${problem}`, {
      hint: 'change its `targetHeader` in the schema',
    }),
  ];
  if (!/^[a-z0-9_]+$/.test(name)) return refuse('a name has only a to z, 0 to 9 and `_`');
  if (name.length <= MOST_NAME_CHARACTERS) return [];
  return refuse(`a name has at most ${String(MOST_NAME_CHARACTERS)} characters, got ${String(name.length)}`);
}

function typeProblems({ name, type }: Field): readonly SealroomError[] {
  const problem = typeProblem(type);
  if (problem === null) return [];
  return [
    new SealroomError('DATA_TYPE', `column \`${name}\`: AWS does not read ${problem}`, {
      hint: 'convert the column first, or write CSV',
    }),
  ];
}

function typeProblem(type: ColumnType): string | null {
  if (type.kind === 'timestamp' && type.unit === 'ns') return 'timestamps in nanoseconds';
  return type.kind === 'opaque' && /^U(TINYINT|SMALLINT|INTEGER|BIGINT)$/.test(type.engineType)
    ? `unsigned integers (${type.engineType})`
    : null;
}

/**
 * What to say of the files of a written table; AWS advises 100 MB to 1 GB for each. A small table is one file, whatever its size.
 *
 * @param rowsPerFile `null` for one file
 */
//= format F-134
export function adviceForAws(bytes: number, rows: number, rowsPerFile: number | null): readonly string[] {
  const files = rowsPerFile === null ? 1 : Math.max(1, Math.ceil(rows / rowsPerFile));
  const size = bytes / files;
  if (size <= FILE_BYTES.most && (files === 1 || size >= FILE_BYTES.least)) return [];
  const good = Math.max(1, Math.floor((rows * FILE_BYTES.most) / 4 / bytes));
  const megabytes = Math.round(size / MB).toLocaleString('en');
  return [
    `AWS advises files of 100 MB to 1 GB, and these have about ${megabytes} MB: \`--rows-per-file ${String(good)}\` makes files of 250 MB`,
  ];
}
