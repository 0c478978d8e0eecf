import { homedir } from 'node:os';
import { join } from 'node:path';
import { listProblems, SealroomError } from '#src/errors/index';
import { describe, expect, test } from 'vitest';
import { parseProject } from '#src/project/project-file';
import { draftProject, insertProjectTable } from '#src/project/write-project';

const FILE = '/work/spring/sealroom.yaml';

function problemsOf(text: string): readonly string[] {
  try {
    parseProject(text, FILE);
  } catch (error) {
    if (error instanceof SealroomError && error.code === 'USAGE_PROJECT') {
      return listProblems(error).map(({ where, message }) => `${String(where.line)}: ${message}`);
    }
    throw error;
  }
  throw new Error('it was taken');
}

describe('a project file', () => {
  test('has paths from its own folder, and from the home of the user', () => {
    const { values, tables } = parseProject(
      'as: shop\nhome: ~/keys\nmanifest: a/spring.yaml\nroom: /srv/room\ntrust: ../room.pub\ntables:\n  orders: { data: orders.csv }\n',
      FILE,
    );
    expect(values).toEqual({
      as: 'shop',
      home: join(homedir(), 'keys'),
      manifest: '/work/spring/a/spring.yaml',
      room: '/srv/room',
      trust: '/work/room.pub',
    });
    expect(tables.get('orders')).toEqual({ data: '/work/spring/orders.csv' });
  });

  test.each([
    ['keystore:keystore', 'keystore:/work/spring/keystore'],
    ['age:home/receive.key', 'age:/work/spring/home/receive.key'],
    ['keystore:~/keystore', `keystore:${join(homedir(), 'keystore')}`],
    ['aws-kms:alias/sealroom', 'aws-kms:alias/sealroom'],
  ])('has the file of the key %s from its own folder', (key, absolute) => {
    expect(parseProject(`key: ${key}`, FILE).values.key).toBe(absolute);
  });

  test('reports every mistake with its line, and what was probably meant', () => {
    expect(problemsOf('as: shop\nmanfest: a\nroom: [1]\ntables:\n  a: { dat: b }\n')).toEqual([
      '2: unknown key `manfest`',
      '3: `room` needs a text',
      '5: unknown key `dat`',
    ]);
    expect(() => parseProject('manfest: a', FILE)).toThrow(
      expect.objectContaining({ hint: 'did you mean `manifest`?' }),
    );
  });

  test.each(['a: b: c', '- as', 'as: x\nas: y', 'as: 5', 'as: !!str x\nas: z', 'tables: shop', 'as:'])(
    'refuses %j',
    (text) => {
      expect(problemsOf(text).length).toBeGreaterThan(0);
    },
  );

  test.each([
    ['secret: abc', /holds no secret/],
    ['passphrase: abc', /holds no secret/],
    ['unsigned: true', /makes no check weaker/],
    ['overwrite: true', /makes no check weaker/],
    ['allow-cleartext: true', /makes no check weaker/],
    ['again: true', /makes no check weaker/],
    ['lenient-cells: true', /makes no check weaker/],
  ])('says why %j cannot be in it', (text, hint) => {
    expect(() => parseProject(text, FILE)).toThrow(
      expect.objectContaining({ hint: expect.stringMatching(hint) as string }),
    );
  });

  test.each([
    'as: AGE-SECRET-KEY-1QQQ',
    'note: |\n  -----BEGIN PRIVATE KEY-----',
    'trust: PRIVATE+KEY+a+b',
    'key: pkcs11:token=a?pin-value=1234',
    'key: env:C3R_SHARED_SECRET',
    'key: file:secret.txt',
  ])('holds no secret: %j is refused, and not repeated', (text) => {
    const [problem = ''] = problemsOf(text);
    expect(problem).toMatch(/contains a secret|where the secret itself is/);
    expect(problem).not.toContain('1234');
  });

  test('reads back as it was written, and keeps comments when a table is added', () => {
    const values = {
      as: 'shop',
      home: '/work/spring/home',
      manifest: '/work/spring/m.yaml',
      key: 'age:/work/spring/a key',
    };
    const text = draftProject(FILE, values);
    expect(parseProject(text, FILE)).toEqual({ values, tables: new Map() });
    expect(text).toContain('home: home\n');
    const table = { data: '/work/spring/o.csv', schema: '/elsewhere/o.json', output: undefined };
    const more = insertProjectTable(text.replace('as: shop', 'as: shop # us'), FILE, 'orders', table);
    expect(more).toContain('as: shop # us\n');
    expect(parseProject(more, FILE).tables.get('orders')).toEqual({ data: table.data, schema: table.schema });
    const again = insertProjectTable(more, FILE, 'orders', { data: '/work/spring/p.csv' });
    expect(parseProject(again, FILE).tables.get('orders')).toEqual({ data: '/work/spring/p.csv' });
  });
});
