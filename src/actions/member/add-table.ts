import type { DraftColumn, Manifest, ManifestTable, RuleDraft } from '../../collab/index.ts';
import type { ColumnType } from '../../columns/index.ts';
import type { FileText } from '../../custody/index.ts';
import { didYouMean, quoteForMessage, SealroomError } from '../../errors/index.ts';
import { fileExists } from '../../files/index.ts';
import { type ColumnSchema, parseTableSchema, type TableSchema } from '../../schema/index.ts';
import { type CsvReading, openTable, type TableInput, type TableReader } from '../../tabular/index.ts';
import { readTexts } from './clear-texts.ts';
import { homeOf, type MemberEnvironment } from './environment.ts';
import { readHomeCard } from './member.ts';
import { loadProtect } from './table-transfer.ts';
import { warnOfTable } from './table-warnings.ts';

/** The options of {@link addTable}. */
export interface AddTableRequest {
  readonly manifest: FileText;
  readonly name: string;
  /** Id of the member that brings the table; default: that of the home. */
  readonly owner?: string | undefined;
  readonly schema: FileText;
  /** The table before encryption, which says what types the cleartext columns have; needed if there are any. */
  readonly data?: TableInput | undefined;
  /** How `data` is read if it is CSV (format F-80, F-120). */
  readonly csv?: CsvReading | undefined;
  readonly rule: RuleDraft;
  /** Whether a table of this name is replaced. */
  readonly replaces: boolean;
}

/** A manifest with one more table. */
export interface AddedTable {
  readonly text: string;
  readonly manifest: Manifest;
  readonly table: ManifestTable;
  /** Whether members had signed the manifest, and have to sign again. */
  readonly isSignedNoMore: boolean;
  /** What was found out about `data`, each with the option that says otherwise. */
  readonly notes: readonly string[];
  /** What will not match, although nothing is wrong. */
  readonly warnings: readonly string[];
}

/**
 * Adds a table to a manifest: its columns come from the schema, the types of cleartext columns from the data, and the analysis rule from
 * the kinds of the columns where nothing else is said.
 *
 * @throws {SealroomError} USAGE_OPTION if the manifest has the table, or not the owner, or the rule names a column that the schema does
 *   not make, or there is no data for the types; RULE_CLEARTEXT if the collaboration forbids cleartext; as `parseTableSchema`,
 *   `parseManifest` and `openTable`.
 */
export async function addTable(
  environment: MemberEnvironment,
  { manifest: file, name, owner, schema: schemaFile, data, csv, rule, replaces }: AddTableRequest,
): Promise<AddedTable> {
  const { insertTable, parseManifest, requireTable } = await import('../../collab/index.ts');
  const { checkSettings } = await loadProtect();
  const before = parseManifest(file.text, file);
  const schema = parseTableSchema(schemaFile.text, schemaFile);
  checkSettings(schema, before.settings);
  requireNew(before, name, replaces);
  const member = await ownerOf(environment, before, owner);
  requireColumns(schema, rule);
  const { types, notes } = await typesOf(environment, schema, { data, csv });
  const columns = schema.columns.map((column, index) => toDraft(column, types[index] ?? null));
  const joinRequired = before.members.some(({ id, abilities }) => id === member && !abilities.includes('CAN_QUERY'));
  const text = insertTable(file.text, { name, owner: member, columns, rule, joinRequired });
  const manifest = parseManifest(text, file);
  const isSignedNoMore = before.signatures.length > 0 && manifest.sha256 !== before.sha256;
  const table = requireTable(manifest, name);
  return { text, manifest, table, isSignedNoMore, notes, warnings: warnOfTable(manifest, table) };
}

function requireNew({ tables }: Manifest, name: string, replaces: boolean): void {
  if (replaces || !tables.some((table) => table.name === name)) return;
  throw new SealroomError('USAGE_OPTION', `the manifest already has a table ${quoteForMessage(name)}`, {
    hint: '`--overwrite` replaces it; its rule is then the new one',
  });
}

async function ownerOf(
  environment: MemberEnvironment,
  { members }: Manifest,
  owner: string | undefined,
): Promise<string> {
  const hasCard = owner === undefined && (await fileExists(homeOf(environment).card));
  const id = owner ?? (hasCard ? (await readHomeCard(environment)).body.id : undefined);
  const ids = members.map((member) => member.id);
  if (id === undefined) {
    throw new SealroomError('USAGE_OPTION', '`--owner` is missing, and the home has no card', {
      hint: `name the member that brings the table: ${ids.join(', ')}`,
    });
  }
  if (ids.includes(id)) return id;
  throw new SealroomError('USAGE_OPTION', `the manifest has no member ${quoteForMessage(id)}`, {
    hint: didYouMean(id, ids) ?? '`sealroom collab join` adds the member of your home',
  });
}

/** Refuses names in a rule that the schema does not make. */
function requireColumns({ columns }: TableSchema, { joins, dimensions, measures, shown }: RuleDraft): void {
  const known = columns.map(({ targetHeader }) => targetHeader as string);
  const named = {
    join: joins,
    dimension: dimensions,
    measure: measures?.map(({ column }) => column),
    list: shown,
  };
  for (const [option, names] of Object.entries(named)) {
    for (const name of names ?? []) {
      if (known.includes(name)) continue;
      throw new SealroomError(
        'USAGE_OPTION',
        `\`--${option}\` names ${quoteForMessage(name)}, which the schema does not make`,
        {
          hint: didYouMean(name, known) ?? `it makes ${known.map(quoteForMessage).join(', ')}`,
        },
      );
    }
  }
}

function toDraft({ kind, targetHeader, normalise, nulls }: ColumnSchema, type: string | null): DraftColumn {
  return {
    name: targetHeader,
    protection: kind,
    type: kind === 'cleartext' ? (type ?? 'VARCHAR') : 'VARCHAR',
    ...(normalise.length === 0 ? {} : { normalise }),
    ...(nulls.length === 0 ? {} : { nulls }),
  };
}

/** The types of the cleartext columns in a room, at the position that each column has in the schema, and the notes of the reader. */
async function typesOf(
  { signal }: MemberEnvironment,
  schema: TableSchema,
  { data, csv }: Pick<AddTableRequest, 'data' | 'csv'>,
): Promise<{ readonly types: readonly (string | null)[]; readonly notes: readonly string[] }> {
  const clear = schema.columns.filter(({ kind }) => kind === 'cleartext');
  if (clear.length === 0) return { types: [], notes: [] };
  if (data === undefined) {
    const names = clear.map(({ targetHeader }) => quoteForMessage(targetHeader)).join(', ');
    throw new SealroomError(
      'USAGE_OPTION',
      `\`--data\` is missing: the types of cleartext columns come from it: ${names}`,
      {
        hint: 'name the table before encryption',
      },
    );
  }
  const reader = await openTable(data, { ...csv, headerRow: schema.headerRow, signal });
  try {
    return { types: await readTypes(reader, schema, signal), notes: reader.notes };
  } finally {
    await reader.close();
  }
}

async function readTypes(
  reader: TableReader,
  schema: TableSchema,
  signal: AbortSignal | undefined,
): Promise<readonly (string | null)[]> {
  const { roomTypeOf, TypeGuess } = await import('../../collab/index.ts');
  const { matchSources } = await loadProtect();
  const sources = matchSources(schema, reader);
  const typeAt = (index: number): ColumnType | undefined => reader.fields[sources[index] ?? -1]?.type;
  const texts = schema.columns.flatMap((column, index) =>
    column.kind === 'cleartext' && typeAt(index)?.kind === 'string'
      ? [{ index, normalisation: column, guess: new TypeGuess() }]
      : [],
  );
  const columns = texts.map(({ index, normalisation }) => ({ index: sources[index] ?? 0, normalisation }));
  await readTexts(reader, columns, signal, (position, text) => {
    texts[position]?.guess.add(text);
  });
  return schema.columns.map(({ kind, sourceHeader }, index) => {
    if (kind !== 'cleartext') return null;
    const guessed = texts.find((each) => each.index === index)?.guess.type();
    const type = typeAt(index);
    const found = guessed ?? (type === undefined ? null : roomTypeOf(type));
    if (found !== null) return found;
    throw new SealroomError('DATA_TYPE', 'a room has no values of this type', {
      where: { file: reader.name, column: sourceHeader },
      hint: 'seal the column, or leave it out of the schema',
    });
  });
}
