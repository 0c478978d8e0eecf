import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { decodedSource, describeLabel, encodingOf } from '#src/tabular/csv/decoded-source';
import { openTable, type OpenOptions } from 'sealroom/tabular';
import { errorOf, failureOf, Folder, latin, memorySource, readTable, type Content } from '../support.ts';

const folder = new Folder();

function utf16(text: string, order: 'le' | 'be', mark = true): Uint8Array {
  const bytes = Buffer.from((mark ? '\ufeff' : '') + text, 'utf16le');
  return new Uint8Array(order === 'le' ? bytes : bytes.swap16());
}

function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'));
}

async function read(content: Uint8Array, options: OpenOptions = {}): Promise<Content> {
  return readTable(folder.write('.csv', content), options);
}

async function refusal(content: Uint8Array, options: OpenOptions = {}): Promise<unknown> {
  const { code, message, hint, where } = await failureOf(openTable(folder.write('.csv', content), options));
  return { code, message, hint, line: where.line };
}

/** The text of a source, in UTF-8. */
async function textOf(source: ReturnType<typeof decodedSource>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of source.chunks()) parts.push(chunk.slice());
  return Buffer.concat(parts).toString();
}

describe('F-123 a byte order mark', () => {
  test.each(['le', 'be'] as const)('of UTF-16 (%s) is followed, and noted', async (order) => {
    const content = utf16('a;b\r\né😀;"x\r\ny"\r\n', order);
    const { fields, columns } = await read(content);
    expect(fields.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(columns).toEqual([[latin('é😀')], ['x\ny']]);
    const reader = await openTable(folder.write('.csv', content));
    expect(reader.notes.map((note) => note.replace(/^\d+\.csv: /, ''))).toEqual([
      `text is utf-16${order}, by its byte order mark (\`--encoding\` says otherwise)`,
      'fields are separated by semicolons (`--delimiter` says otherwise)',
    ]);
    expect(reader.bytes).toBe(content.length);
    expect(await reader.sha256()).toBe(createHash('sha256').update(content).digest('hex'));
    await reader.close();
  });

  test('of UTF-8 is dropped, and needs no note', async () => {
    const reader = await openTable(folder.write('.csv', '\ufeffa,b\n1,2\n'));
    expect(reader.notes).toEqual([]);
    await reader.close();
  });

  test('of UTF-32 is refused', async () => {
    expect(await refusal(bytes('\xff\xfe\0\0a\0\0\0'))).toMatchObject({ message: 'text is UTF-32' });
    expect(await refusal(bytes('\0\0\xfe\xff\0\0\0a'))).toMatchObject({ message: 'text is UTF-32' });
  });

  test('that contradicts the option is refused, and one that agrees is not', async () => {
    expect(await refusal(utf16('a\n1\n', 'le'), { csvEncoding: 'windows-1252' })).toMatchObject({
      code: 'DATA_ENCODING',
      message: 'the byte order mark says utf-16le, and `--encoding` `windows-1252`',
      hint: 'leave the option out',
    });
    for (const order of ['le', 'be'] as const) {
      expect((await read(utf16('a\n1\n', order), { csvEncoding: 'UTF-16' })).columns).toEqual([['1']]);
      expect((await read(utf16('a\n1\n', order), { csvEncoding: `utf-16${order}` })).columns).toEqual([['1']]);
    }
    expect((await read(bytes('\xef\xbb\xbfa\n1\n'), { csvEncoding: 'utf8' })).columns).toEqual([['1']]);
  });
});

describe('F-123 an encoding that is named', () => {
  test('is decoded, and warned about', async () => {
    const content = bytes('name;p\nM\xfcller \x80\x93;1\n');
    const table = await read(content, { csvEncoding: 'windows-1252' });
    expect(table.columns[0]).toEqual([latin('Müller €“')]);
    expect(table.warnings[0]).toMatch(/^text is read as windows-1252, as `--encoding` says: check values with accents/);
  });

  test.each(['latin1', 'iso-8859-1', 'ascii', 'L1'])(
    '%s is windows-1252 by the Encoding Standard, which is said',
    (label) => {
      expect(encodingOf(label)).toBe('windows-1252');
      expect(describeLabel(label)).toMatch(/is read as windows-1252, as the Encoding Standard says$/);
    },
  );

  test.each(['windows-1252', 'cp1252', 'iso-8859-15', 'utf-8'])('%s is what it says', (label) => {
    expect(describeLabel(label)).toBeNull();
  });

  test('that there is not is refused', async () => {
    expect(errorOf(() => encodingOf('ebcdic'))).toMatchObject({
      code: 'USAGE_OPTION',
      message: 'unknown encoding `ebcdic` for `--encoding`',
    });
    expect(await refusal(bytes('a\n'), { csvEncoding: 'replacement' })).toMatchObject({ code: 'USAGE_OPTION' });
  });

  // SHA-256 of the UTF-8 of the bytes 0x80 to 0xFF, each alone, with nothing for one without a meaning: by Python 3's codecs and the
  // Encoding Standard's index. Some versions of Node decode windows-1252 as Latin-1.
  test.each([
    ['windows-1252', 'd538fb25e5bce1cadc87922ecab2238b15b0fa126d2fb8afd86a062827a988e9'],
    ['windows-1250', 'd15762a6bad9ebcf5f30c47624eab50cd66b6363fe6d7bd4598e72b30f38d85d'],
    ['windows-1251', '80e9fc763c05aac1dcfcd3f61aff140536d00e68d31a34f3e691177ef2686cde'],
    ['iso-8859-2', '532edb15ebf3b20d07c37249a2e33cf6bcab6e59776ec01a60b08e8a5a9b4642'],
    ['iso-8859-7', 'c39191c40d77853500204e79af38f961c14c677a7a5a67bd50480575724ac704'],
    ['iso-8859-15', '8e15a0f04c006cbf43469983377d427a482601b80f1079682a2acde59e96d2ad'],
    ['koi8-r', 'ab097761abc898884ca8bbb2c17a4e502113cb0169b16e5e3f4a88f0d670e91e'],
    ['macintosh', '9bcfcf37deef34f3ac350cc5e7550fc4862c2f0dbad676720d137d51e70625a1'],
    ['ibm866', '743f699e9d8e629d68283fd52f21cb2233f095eff5b3c81fca7b34272b49e5c5'],
  ])('%s has the characters of the Encoding Standard', async (encoding, hash) => {
    const characters: string[] = [];
    for (let byte = 0x80; byte <= 0xff; byte++) {
      const source = decodedSource(memorySource(Uint8Array.of(byte)), encoding);
      characters.push(await textOf(source).catch(() => ''));
    }
    expect(createHash('sha256').update(characters.join('\n')).digest('hex')).toBe(hash);
  });

  test('that is not the file’s is refused at its line', async () => {
    // A high surrogate without a low one, and half a character at the end.
    const broken = Buffer.concat([utf16('a\r\nb\r\n', 'le'), Buffer.of(0x00, 0xd8), utf16('x\n', 'le', false)]);
    expect(await refusal(new Uint8Array(broken))).toEqual({
      code: 'DATA_ENCODING',
      message: 'text is not valid utf-16le',
      hint: 'the file is cut short or has another encoding: name it with `--encoding`',
      line: 3,
    });
    expect(await refusal(utf16('a\nb\nc', 'le').slice(0, -1))).toMatchObject({ code: 'DATA_ENCODING', line: 3 });
    expect(await refusal(bytes('a\nb\xfe\xff\n'), { csvEncoding: 'shift_jis' })).toMatchObject({ line: 2 });
  });

  test('may have characters that are split between chunks', async () => {
    const text = 'é😀漢\n'.repeat(5);
    for (const [encoding, content] of [
      ['utf-16le', utf16(text, 'le')],
      ['utf-16be', utf16(text, 'be')],
      ['gb18030', new Uint8Array(Buffer.from('c4e3bac30a9439fc360a', 'hex'))],
    ] as const) {
      const whole = await textOf(decodedSource(memorySource(content), encoding));
      const cuts = Array.from(content.keys());
      expect(await textOf(decodedSource(memorySource(content, cuts), encoding))).toBe(whole);
      expect(whole).not.toContain('\ufeff');
    }
  });

  test('is decoded as a stream, whatever the size of the file', async () => {
    const chunk = bytes('caf\xe9;1\n'.repeat(1000));
    let most = 0;
    const source = {
      ...memorySource(chunk),
      async *chunks() {
        for (let count = 0; count < 500; count++) yield await Promise.resolve(chunk);
      },
    };
    for await (const part of decodedSource(source, 'windows-1252').chunks()) most = Math.max(most, part.length);
    expect(most).toBeLessThan(chunk.length * 2);
  });
});

describe('F-74 text that is not UTF-8', () => {
  test.each([
    ['bytes of Windows', 'a\nM\xfcller \x80\n', 2, /0x80 to 0x9F.*`--encoding windows-1252`, and check/],
    ['other single bytes', 'a\n1\nM\xfcller\n', 3, /over 0x9F, as in windows-1252 and iso-8859-15.*`--encoding/],
    [
      'gzip',
      '\x1f\x8b\x08\0\0\0\0',
      1,
      /^it is compressed with gzip: unpack it, or give it a name that ends in `.gz`$/,
    ],
    ['zstd', '\x28\xb5\x2f\xfd\x04\0', 1, /^it is compressed with zstd/],
    ['a workbook', 'PK\x03\x04\x14\0\xff', 1, /a workbook of Excel: save the sheet as CSV in UTF-8/],
    ['an old workbook', '\xd0\xcf\x11\xe0\xa1', 1, /an old workbook of Excel/],
    ['Parquet', 'PAR1\x15\xff', 1, /`--file-format parquet`/],
    ['Arrow', 'ARROW1\0\0\xff\xff', 1, /`--file-format arrow`/],
  ])('is refused with what was seen: %s', async (_what, text, line, hint) => {
    const found = await refusal(bytes(text));
    expect(found).toMatchObject({ code: 'DATA_ENCODING', message: 'text is not valid UTF-8', line });
    expect(found).toHaveProperty('hint', expect.stringMatching(hint));
    expect(found).not.toHaveProperty('hint', expect.stringContaining('iconv'));
  });

  test.each(['le', 'be'] as const)('is refused if it is UTF-16 (%s) without a mark', async (order) => {
    const content = utf16('name,city\nMüller,Köln\nx,€\n', order, false);
    expect(await refusal(content)).toMatchObject({
      code: 'DATA_ENCODING',
      message: 'text is UTF-16 without a byte order mark',
      hint: `give \`--encoding utf-16${order}\``,
    });
    expect((await read(content, { csvEncoding: `utf-16${order}` })).columns[0]).toEqual([latin('Müller'), 'x']);
  });

  test('may have NULs', async () => {
    expect((await read(bytes('a,b\n"x\0y",\0\0\0\0\0\n'))).columns).toEqual([['x\0y'], [null]]);
  });
});
