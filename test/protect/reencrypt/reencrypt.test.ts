import { deriveSealingRoot, parseSharedSecret } from 'sealroom';
import { createKernel, parseCollaborationId } from 'sealroom/crypto';
import { readProvenance } from 'sealroom/tabular';
import { describe, expect, test } from 'vitest';
import { byteColumnOf } from '#src/bytes/index';
import { reencryptOriginal, type ReencryptOptions, reencryptTable } from '#src/protect/index';
import { ID, SECRET } from '../../support/cli.ts';
import { Bench, cellOf, schemaOf, settingsOf, textCell } from '../../support/tables.ts';
import { failureOf, fixedColumn, hexOfInteger, writeTable } from '../../tabular/support.ts';

const OLD = parseSharedSecret(SECRET);
const NEW = parseSharedSecret(Buffer.alloc(32, 7).toString('base64'));
const NEXT = { generation: 2, secretId: 'cd'.repeat(16) };

function optionsOf(bench: Bench, input: string, output: string): ReencryptOptions {
  return {
    input: bench.path(input),
    output: bench.path(output),
    collaborationId: ID,
    from: OLD,
    to: NEW,
    provenance: NEXT,
    origin: null,
    tempDirectory: bench.path('tmp'),
    threads: 1,
  };
}

async function rowsOf(bench: Bench, name: string): Promise<string[]> {
  const columns = Object.values(await bench.columns(name));
  return (columns[0] ?? []).map((_, row) => JSON.stringify(columns.map((column) => column[row] ?? null))).sort();
}

/** Lengths of the sealed cells of a column, sorted. */
async function lengthsOf(bench: Bench, name: string, column: string): Promise<number[]> {
  return ((await bench.columns(name))[column] ?? []).map((cell) => cell?.length ?? 0).sort((a, b) => a - b);
}

describe('a table of sealed and cleartext columns', () => {
  test.each(['csv', 'parquet', 'arrow'])(
    'opens with the new secret to the same values, and with the old no more: %s',
    async (format) => {
      await using bench = await Bench.start();
      await bench.put('in.csv', 'a,b,c\nx,"two\nlines",Bern\n,"",\nlonger,é,"q,"\n');
      const schema = schemaOf('a:sealed', 'b:sealed max 4', 'c:cleartext');
      await bench.encrypt('in.csv', `old.${format}`, schema, { csvInputNull: '' });
      const summary = await reencryptTable(optionsOf(bench, `old.${format}`, `new.${format}`));
      expect(summary).toMatchObject({ rows: 3, columns: { sealed: 2, fingerprint: 0, cleartext: 1 } });
      expect(await readProvenance(bench.path(`new.${format}`))).toMatchObject({ collaborationId: ID, ...NEXT });
      const names = (await bench.names()).filter((name) => name.startsWith('tmp/'));
      expect(names).toEqual([]);

      await bench.decrypt(`old.${format}`, `old.open.${format}`);
      await bench.decrypt(`new.${format}`, `new.open.${format}`, { secret: NEW });
      expect(await rowsOf(bench, `new.open.${format}`)).toEqual(await rowsOf(bench, `old.open.${format}`));
      for (const column of ['a', 'b']) {
        const old = await lengthsOf(bench, `old.${format}`, column);
        expect(await lengthsOf(bench, `new.${format}`, column)).toEqual(old);
      }
      const error = await failureOf(bench.decrypt(`new.${format}`, `none.${format}`));
      expect(error.code).toBe('FORMAT_TAG');
    },
  );

  test('keeps the types of its values, also in CSV', async () => {
    await using bench = await Bench.start();
    const fields = [
      { name: 'n', type: { kind: 'int' } },
      { name: 't', type: { kind: 'timestamp', unit: 'us', utc: true } },
    ] as const;
    await writeTable(bench.path('in.parquet'), fields, [
      {
        rows: 2,
        columns: [
          fixedColumn(4, [hexOfInteger(7n, 4), null]),
          fixedColumn(8, [hexOfInteger(1_000_000n, 8), hexOfInteger(2n, 8)]),
        ],
      },
    ]);
    await bench.encrypt('in.parquet', 'old.csv', schemaOf('n:sealed', 't:sealed fixed 30'));
    await reencryptTable(optionsOf(bench, 'old.csv', 'new.csv'));
    await bench.decrypt('new.csv', 'new.parquet', { secret: NEW });
    await bench.decrypt('old.csv', 'old.parquet');
    expect((await bench.read('new.parquet')).fields).toEqual((await bench.read('old.parquet')).fields);
    expect((await bench.read('new.parquet')).fields.map(({ type }) => type.kind)).toEqual(['int', 'timestamp']);
    expect(await rowsOf(bench, 'new.parquet')).toEqual(await rowsOf(bench, 'old.parquet'));
  });

  test('F-12 keeps texts byte for byte, and those that are not UTF-8 if asked to', async () => {
    await using bench = await Bench.start();
    await bench.put('old.csv', `a\n${cellOf('0242')}\n${cellOf('02ff41')}\n`);
    const error = await failureOf(reencryptTable(optionsOf(bench, 'old.csv', 'new.csv')));
    expect(error).toMatchObject({ code: 'FORMAT_VALUE', message: 'a sealed text is not UTF-8', where: { row: 2 } });
    expect(await bench.names()).not.toContain('new.csv');
    await reencryptTable({ ...optionsOf(bench, 'old.csv', 'new.csv'), lenientCells: true });
    const kernel = createKernel();
    using root = deriveSealingRoot(NEW, parseCollaborationId(ID));
    const cells = ((await bench.columns('new.csv'))['a'] ?? []).map(
      (cell) => kernel.openColumn(root, byteColumnOf([Buffer.from(cell ?? '')])).values.bytes,
    );
    expect(cells.map((bytes) => Buffer.from(bytes).toString('hex')).sort()).toEqual(['0242', '02ff41']);
  });

  test('keeps visible nulls visible', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', 'a,b\nx,1\n,2\n');
    await bench.encrypt('in.csv', 'old.csv', schemaOf('a:sealed', 'b:cleartext'), {
      settings: settingsOf({ preserveNulls: true }),
    });
    await reencryptTable(optionsOf(bench, 'old.csv', 'new.csv'));
    expect(((await bench.columns('new.csv'))['a'] ?? []).filter((cell) => cell === null)).toHaveLength(1);
  });

  test.each([
    ['fingerprints', 'a,b\n', [`02:hmac:${'A'.repeat(43)}=,x`], 'DATA_COLUMN', /fingerprints cannot be opened: `a`/],
    [
      'cells of two kinds in a column',
      'a\n',
      [textCell('x'), 'y'],
      'FORMAT_CELL',
      /a sealed column holds a cell that is not sealed/,
    ],
    [
      'values of two types',
      'a\n',
      [textCell('x'), cellOf('1200000001')],
      'DATA_TYPE',
      /the column mixes types, or has a type that no table format has/,
    ],
    [
      'VARCHAR',
      'a\n',
      [cellOf('180000000961')],
      'DATA_TYPE',
      /the column mixes types, or has a type that no table format has/,
    ],
    ['a changed cell', 'a\n', [textCell('x').replace(/.{4}$/, 'AAA=')], 'FORMAT_TAG', /could not be opened/],
    [
      'nulls both sealed and visible',
      'a,b\n',
      [`${cellOf('03')},1`, ',2'],
      'DATA_VALUE',
      /the column has both visible and sealed nulls/,
    ],
  ])('with %s is refused, and nothing is written', async (_what, header, rows, code, message) => {
    await using bench = await Bench.start();
    await bench.put('old.csv', `${header}${rows.join('\n')}\n`);
    const error = await failureOf(reencryptTable(optionsOf(bench, 'old.csv', 'new.csv')));
    expect(error).toMatchObject({ code });
    expect(error.message).toMatch(message);
    expect(await bench.names()).toEqual(['old.csv', 'tmp']);
  });
});

describe('a table with fingerprints', () => {
  const SCHEMA = schemaOf('a:fingerprint', 'b:sealed');

  async function withOriginal(action: (bench: Bench) => Promise<void>): Promise<void> {
    await using bench = await Bench.start();
    await bench.put('in.csv', 'a,b\n1,x\n2,y\n');
    await bench.encrypt('in.csv', 'old.csv', SCHEMA);
    await action(bench);
  }

  function again(bench: Bench, changes: object = {}): ReturnType<typeof reencryptOriginal> {
    const { from, ...options } = optionsOf(bench, 'old.csv', 'new.csv');
    expect(from).toBe(OLD);
    return reencryptOriginal({
      ...options,
      original: bench.path('in.csv'),
      schema: SCHEMA,
      settings: settingsOf({}),
      ...changes,
    });
  }

  test('is encrypted again from its original', () =>
    withOriginal(async (bench) => {
      expect(await again(bench)).toMatchObject({ rows: 2, columns: { sealed: 1, fingerprint: 1 } });
      const [old, young] = [await bench.columns('old.csv'), await bench.columns('new.csv')];
      expect(young['a']).toHaveLength(2);
      expect((young['a'] ?? []).some((cell) => old['a']?.includes(cell))).toBe(false);
      expect(await readProvenance(bench.path('new.csv'))).toMatchObject(NEXT);
    }));

  test.each([
    ['more rows', 'a,b\n1,x\n2,y\n3,z\n', SCHEMA, 'DATA_FIELDS', /the original must have 2 rows, got 3/],
    [
      'another schema',
      'a,b\n1,x\n2,y\n',
      schemaOf('a:sealed', 'b:sealed'),
      'DATA_COLUMN',
      /the schema must give `a fingerprint`/,
    ],
    ['fewer columns', 'a,b\n1,x\n2,y\n', schemaOf('a:fingerprint'), 'DATA_COLUMN', /the schema must give/],
  ])('is not encrypted from one with %s', (_what, original, schema, code, message) =>
    withOriginal(async (bench) => {
      await bench.put('other.csv', original);
      const error = await failureOf(again(bench, { original: bench.path('other.csv'), schema }));
      expect(error).toMatchObject({ code });
      expect(error.message).toMatch(message);
      expect(await bench.names()).toEqual(['in.csv', 'old.csv', 'other.csv', 'tmp']);
    }),
  );
});
