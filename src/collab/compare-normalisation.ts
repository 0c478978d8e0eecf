import { SealroomError } from '../errors/index.ts';
import { isNormalised, type Normalisation, PHONES_VERSION, UNICODE_VERSION } from '../normalise/index.ts';
import type { TableSchema } from '../schema/index.ts';
import type { ManifestColumn } from './manifest-column.ts';
import type { Manifest } from './manifest.ts';
import { describeNormalisation, describePin } from './normalisation.ts';
import type { ManifestTable } from './table.ts';

/**
 * Refuses to normalise by other facts than the members agreed on.
 *
 * @throws {SealroomError} MANIFEST_UNSUPPORTED if the manifest pins versions that this release does not have.
 */
//= format F-115
export function requireOwnPin({ normalisation }: Pick<Manifest, 'normalisation'>): void {
  if (normalisation === null) return;
  const { unicode, phones } = normalisation;
  if (unicode === UNICODE_VERSION && (phones ?? PHONES_VERSION) === PHONES_VERSION) return;
  const own = describePin({ unicode: UNICODE_VERSION, phones: PHONES_VERSION });
  throw new SealroomError(
    'MANIFEST_UNSUPPORTED',
    `the manifest normalises by ${describePin(normalisation)}, this release by ${own}`,
    {
      hint: 'use a release of sealroom with those versions, or have all members agree on these and encrypt their tables again',
    },
  );
}

/** A column that a schema normalises in another way than the manifest says. */
export interface NormalisationDifference {
  /** Its target header. */
  readonly column: string;
  readonly manifest: Normalisation;
  readonly schema: Normalisation;
}

function isSame(one: Normalisation, other: Normalisation): boolean {
  const steps = ({ normalise }: Normalisation): string => JSON.stringify(normalise);
  // Null texts have no order.
  const nulls = (column: Normalisation): string => JSON.stringify(column.nulls.toSorted());
  return steps(one) === steps(other) && nulls(one) === nulls(other);
}

/** The target columns of a schema that a table of a manifest wants normalised in another way, in the order of the schema. */
export function compareNormalisation(
  schema: Pick<TableSchema, 'columns'>,
  table: { readonly columns: readonly Pick<ManifestColumn, 'name' | 'normalise' | 'nulls'>[] },
): readonly NormalisationDifference[] {
  const agreed = new Map(table.columns.map((column) => [column.name, column]));
  return schema.columns.flatMap((column) => {
    const manifest = agreed.get(column.targetHeader);
    if (manifest === undefined || isSame(column, manifest)) return [];
    return [{ column: column.targetHeader, manifest, schema: column }];
  });
}

/**
 * Refuses a schema that normalises a column in another way than the manifest: its values would match nobody's.
 *
 * @param table the table's name in the manifest; `null` takes any table with just the columns of the schema
 * @throws {SealroomError} RULE_PROTECTION for the first such column; MANIFEST_UNSUPPORTED as {@link requireOwnPin} if the schema
 *   normalises a column.
 */
//= format F-115
export function requireSameNormalisation(
  schema: Pick<TableSchema, 'columns'>,
  manifest: Manifest,
  table: string | null,
): void {
  if (schema.columns.some(isNormalised)) requireOwnPin(manifest);
  const meant = manifest.tables.filter((each) => (table === null ? hasColumnsOf(each, schema) : each.name === table));
  const differences = meant.map((each) => compareNormalisation(schema, each)[0]);
  const [first] = differences;
  if (first === undefined || differences.includes(undefined)) return;
  const said = describeNormalisation(first.manifest) || 'as it is';
  const wanted = describeNormalisation(first.schema) || 'as it is';
  throw new SealroomError('RULE_PROTECTION', `expected the values ${said}, as in the manifest, got ${wanted}`, {
    where: { column: first.column },
    hint: 'change `normalise` and `nulls` in the schema, or have all members agree on another manifest',
  });
}

function hasColumnsOf({ columns }: ManifestTable, schema: Pick<TableSchema, 'columns'>): boolean {
  const names = new Set(columns.map(({ name }) => name));
  return names.size === schema.columns.length && schema.columns.every(({ targetHeader }) => names.has(targetHeader));
}
