import { cp, readFile } from 'node:fs/promises';
import { parseManifest } from 'sealroom/collab';
import { describe, expect, test } from 'vitest';
import { type Outcome, Session } from '../support/cli.ts';

const PURCHASES = `email,product,amount,day\n${Array.from({ length: 12 }, (_, row) => `p${String(row % 7)}@x.de,shoes,${String(row)}.50,2026-01-0${String((row % 9) + 1)}`).join('\n')}\n`;

const SCHEMA = JSON.stringify({
  headerRow: true,
  columns: [
    { sourceHeader: 'email', targetHeader: 'person', type: 'fingerprint' },
    { sourceHeader: 'product', targetHeader: 'product', type: 'cleartext' },
    { sourceHeader: 'amount', targetHeader: 'amount', type: 'cleartext' },
    { sourceHeader: 'day', targetHeader: 'day', type: 'cleartext' },
  ],
});

const INIT = [
  'collab',
  'init',
  'm.yaml',
  '--as',
  'shop',
  '--home',
  'home',
  '--key',
  'age:home/receive.key',
  '--allow-cleartext',
  '--allow-duplicates',
];
const ADD = [
  'collab',
  'add-table',
  'purchases',
  '--schema',
  's.json',
  '--data',
  'p.csv',
  '--rule',
  'aggregation',
  '--min',
  '5',
];

class Member {
  readonly session: Session;

  constructor(session: Session) {
    this.session = session;
  }

  static async start(): Promise<Member> {
    return new Member(await Session.start({ 'p.csv': PURCHASES, 's.json': SCHEMA }));
  }

  run(argv: readonly string[], input = ''): Promise<Outcome> {
    return this.session.run(argv, { env: {}, input });
  }

  async done(argv: readonly string[], input = ''): Promise<Outcome> {
    const outcome = await this.run(argv, input);
    expect([outcome.code, outcome.code === 0 ? '' : outcome.err]).toEqual([0, '']);
    return outcome;
  }

  async manifest(): Promise<ReturnType<typeof parseManifest>> {
    return parseManifest(await this.session.text('m.yaml'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session[Symbol.asyncDispose]();
  }
}

async function pass(from: Member, to: Member): Promise<void> {
  await cp(from.session.path('m.yaml'), to.session.path('m.yaml'));
}

describe('`collab init`', () => {
  test('makes keys, secret, manifest and project file, and asks for nothing', async () => {
    await using shop = await Member.start();
    const { out } = await shop.done(INIT);
    expect(out).toMatch(
      /created the keys and the card of `shop`\ncreated generation 1 of .*\nwrote `m.yaml`.*\nwrote `sealroom.yaml`/,
    );
    const manifest = await shop.manifest();
    expect(manifest.members).toMatchObject([{ id: 'shop', payer: true, card: manifest.exchange.cards[0]?.sha256 }]);
    expect(manifest.members[0]?.publicKeys.receive).toMatch(/^age1pq1/);
    expect(Object.keys(manifest.secretIds ?? {})).toEqual(['1']);
    expect(await shop.session.text('sealroom.yaml')).toMatch(
      /^as: shop\n[^]*^home: home\n[^]*^manifest: m.yaml\n[^]*^key: age:home\/receive.key\n/m,
    );
    // What people read has no long lines.
    const [read = ''] = (await shop.session.text('m.yaml')).split('\nexchange:');
    expect(read.split('\n').filter((line) => line.length > 140)).toEqual([]);
  });

  test('changes nothing where something is in the way', async () => {
    await using shop = await Member.start();
    await shop.done(INIT);
    const before = await shop.session.text('m.yaml');
    expect(await shop.run(INIT)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/m.yaml.*already exists/) as string,
    });
    expect(await shop.run(['collab', 'init', 'n.yaml', '--as', 'other'])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/the home is that of `shop`, not of `other`/) as string,
    });
    expect(await shop.session.text('m.yaml')).toBe(before);
    expect(await shop.session.names()).not.toContain('n.yaml');
  });
});

describe('`collab add-table`', () => {
  test('takes columns from the schema and types from the data, and keeps comments', async () => {
    await using shop = await Member.start();
    await shop.done(INIT);
    const text = (await shop.session.text('m.yaml')).replace('payer: true', 'payer: true # us');
    await shop.session.put('m.yaml', text);
    const { out } = await shop.done(ADD);
    expect(out).toContain('    SUM of `amount`\n');
    expect(out).toMatch(/it demands\n {4}minimum number of different values of `person` in a row of output: 5\n/);
    const [table] = (await shop.manifest()).tables;
    expect(table).toMatchObject({
      name: 'purchases',
      owner: 'shop',
      columns: [
        { name: 'person', protection: 'fingerprint', type: 'VARCHAR' },
        { name: 'product', protection: 'cleartext', type: 'VARCHAR' },
        { name: 'amount', protection: 'cleartext', type: 'DECIMAL(18,2)' },
        { name: 'day', protection: 'cleartext', type: 'DATE' },
      ],
      rule: {
        kind: 'aggregation',
        joinColumns: ['person'],
        dimensionColumns: ['product', 'day'],
        foreignMeasures: 'deny',
      },
    });
    const after = await shop.session.text('m.yaml');
    expect(after).toContain('payer: true # us\n');
    expect(after).toContain('- { name: person, protection: fingerprint, type: VARCHAR }\n');
    expect(await shop.session.text('sealroom.yaml')).toContain(
      'purchases: { data: p.csv, schema: s.json, output: p.protected.parquet }',
    );
  });

  test.each([
    [
      ['--rule', 'list'],
      /joinColumns/,
      { kind: 'list', joinColumns: ['person'], listColumns: ['product', 'amount', 'day'] },
    ],
    [['--rule', 'custom'], /allowedAnalyses/, { kind: 'custom', allowedTemplates: [] }],
    [
      ['--rule', 'aggregation', '--min', '9', '--dimension', 'day', '--measure', 'sum(amount)', '--foreign-measures'],
      /dimensionColumns/,
      {
        dimensionColumns: ['day'],
        aggregateColumns: [{ columnNames: ['amount'], function: 'SUM' }],
        foreignMeasures: 'allow',
      },
    ],
  ])('makes the rule of %j', async (options, _, rule) => {
    await using shop = await Member.start();
    await shop.done(INIT);
    await shop.done(['collab', 'add-table', 't', '--schema', 's.json', '--data', 'p.csv', ...options]);
    expect((await shop.manifest()).tables[0]?.rule).toMatchObject(rule);
  });

  test.each([
    [[...ADD.slice(0, -2)], 2, /`--rule aggregation` needs `--min`/],
    [[...ADD, '--dimension', 'prodct'], 2, /`--dimension` names `prodct`.*\nhint: did you mean `product`\?/],
    [[...ADD, '--measure', 'MAX(amount)'], 2, /`MAX\(amount\)` is no aggregate/],
    [[...ADD, '--list', 'product'], 2, /`--list` cannot be used with `--rule aggregation`/],
    [[...ADD, '--owner', 'shpo'], 2, /no member `shpo`\nhint: did you mean `shop`/],
    [
      ADD.filter((word) => word !== '--data' && word !== 'p.csv'),
      2,
      /`--data` is missing: .*`product`, `amount`, `day`/,
    ],
    [[...ADD.slice(0, -1), '1'], 2, /`--min` must be a whole number from 2 on/],
    [['collab', 'add-table', 'purchases', '-s', 's.json', '--data', 'no.csv', '--rule', 'list'], 1, /no.csv/],
    [['collab', 'add-table', 'bad name!', ...ADD.slice(3)], 1, /letters of A to Z/],
  ])('refuses %j, and writes nothing', async (argv, code, words) => {
    await using shop = await Member.start();
    await shop.done(INIT);
    const before = await shop.session.text('m.yaml');
    expect(await shop.run(argv)).toMatchObject({ code, err: expect.stringMatching(words) as string });
    expect(await shop.session.text('m.yaml')).toBe(before);
  });

  test('replaces a table only when asked, and says that signatures no longer hold', async () => {
    await using shop = await Member.start();
    await shop.done(INIT);
    await shop.done(ADD);
    await shop.done(['collab', 'sign']);
    expect(await shop.run(ADD)).toMatchObject({ code: 2, err: expect.stringMatching(/already has a table/) as string });
    const { err } = await shop.done([...ADD.slice(0, -1), '6', '--overwrite']);
    expect(err).toMatch(/the signatures no longer hold/);
    expect((await shop.manifest()).tables).toHaveLength(1);
  });
});

/** Shop and paper, up to the signature of both. */
async function withTwo(work: (shop: Member, paper: Member) => Promise<void>): Promise<void> {
  await using shop = await Member.start();
  await using paper = await Member.start();
  await shop.done(INIT);
  await shop.done(ADD);
  await pass(shop, paper);
  await paper.done(['collab', 'join', 'm.yaml', '--as', 'paper', '--home', 'home', '--key', 'age:home/receive.key']);
  await paper.done(['collab', 'add-table', 'readers', ...ADD.slice(3)]);
  await paper.done(['collab', 'sign']);
  await pass(paper, shop);
  await shop.done(['collab', 'sign']);
  await work(shop, paper);
}

/** The step that `status` names next, as the command that does it. */
async function nextOf(member: Member): Promise<readonly string[]> {
  const { steps } = JSON.parse((await member.done(['status', '--json'])).out) as {
    steps: readonly {
      readonly state: string;
      readonly command: string | null;
      readonly waitingFor: readonly string[];
    }[];
  };
  return steps.flatMap(({ state, command, waitingFor }) =>
    state === 'next' ? [command ?? ''] : state === 'waiting' ? [`waiting for ${waitingFor.join(', ')}`] : [],
  );
}

describe('the secret in the manifest', () => {
  test('goes to the member that joined, once both have compared the digits', () =>
    withTwo(async (shop, paper) => {
      const { sha256 } = await shop.manifest();
      const { out } = await shop.done(['key', 'send', '--to', 'paper'], 'yes\n');
      await pass(shop, paper);
      expect((await paper.done(['key', 'receive'], 'yes\n')).out).toBe(out);
      expect((await paper.done(['key', 'show'])).out).toMatch(/generation 1 of/);
      // What travels in the file is not part of what was signed.
      expect((await paper.manifest()).sha256).toBe(sha256);
      await paper.done(['collab', 'verify']);
    }));

  test('is not sent if the digits differ, or nobody asks', () =>
    withTwo(async (shop, paper) => {
      const before = await shop.session.text('m.yaml');
      expect(await shop.run(['key', 'send'], 'no\n')).toMatchObject({
        code: 4,
        err: expect.stringMatching(/the digits do not match/) as string,
      });
      const expectDigits = ['key', 'send', '--expect', '12345 '.repeat(12).trim()];
      expect(await shop.run(expectDigits)).toMatchObject({
        code: 4,
        err: expect.stringMatching(/the digits do not match/) as string,
      });
      expect(await shop.run(['key', 'send', '--json'])).toMatchObject({
        code: 2,
        err: expect.stringMatching(/needs `--expect`/) as string,
      });
      expect(await paper.run(['key', 'send'], 'yes\n')).toMatchObject({
        code: 4,
        err: expect.stringMatching(/nobody asked this home/) as string,
      });
      expect(await shop.session.text('m.yaml')).toBe(before);
      expect(await paper.run(['key', 'receive'], 'yes\n')).toMatchObject({
        code: 4,
        err: expect.stringMatching(/no parcel/) as string,
      });
    }));

  test('is not received if the digits differ, although the request named the card', () =>
    withTwo(async (shop, paper) => {
      await shop.done(['key', 'send'], 'yes\n');
      await pass(shop, paper);
      expect(await paper.run(['key', 'receive'], 'no\n')).toMatchObject({
        code: 4,
        err: expect.stringMatching(/the digits do not match/) as string,
      });
      expect((await paper.run(['key', 'show'])).out).not.toMatch(/generation 1/);
    }));

  test('does not go to somebody who put another card into the file', () =>
    withTwo(async (shop, paper) => {
      await using thief = await Member.start();
      await pass(paper, thief);
      // The thief takes the place of the newspaper, in a file that the shop signed already.
      await thief.done(['collab', 'join', 'm.yaml', '--as', 'paper', '--home', 'home']);
      await pass(thief, shop);
      const { code, err, out } = await shop.run(['key', 'send'], 'no\n');
      expect([code, out]).toEqual([4, expect.stringMatching(/\d{5}/) as string]);
      expect(err).toMatch(/the digits do not match/);
      const text = (await shop.session.text('m.yaml')).replace(
        /^( {6}receive: age1pq1.{20})(.)/m,
        (_, before: string, letter: string) => before + (letter === 'q' ? 'p' : 'q'),
      );
      await shop.session.put('m.yaml', text);
      expect(await shop.run(['collab', 'validate'])).toMatchObject({
        code: 1,
        err: expect.stringMatching(/the card with this hash is not in `exchange.cards`/) as string,
      });
    }));
});

test('`status` names the next step of each member, from the first to the last', async () => {
  await using shop = await Member.start();
  await using paper = await Member.start();
  expect(await nextOf(shop)).toEqual(['sealroom collab init --as <member>']);
  await shop.done(INIT);
  expect((await nextOf(shop))[0]).toMatch(/^sealroom collab add-table/);
  await shop.done(ADD);
  expect(await nextOf(shop)).toEqual(['waiting for the other members']);
  await pass(shop, paper);
  await paper.done(['collab', 'join', 'm.yaml', '--as', 'paper', '--home', 'home', '--key', 'age:home/receive.key']);
  await paper.done(['collab', 'add-table', 'readers', ...ADD.slice(3)]);
  expect((await nextOf(paper))[0]).toBe('sealroom collab sign');
  await paper.done(['collab', 'sign']);
  expect(await nextOf(paper)).toEqual(['waiting for shop', 'waiting for shop']);
  await pass(paper, shop);
  expect(await nextOf(shop)).toEqual(['sealroom collab sign']);
  await shop.done(['collab', 'sign']);
  expect(await nextOf(shop)).toEqual(['sealroom key send --to paper']);
  await shop.done(['key', 'send', '--to', 'paper'], 'yes\n');
  await pass(shop, paper);
  expect(await nextOf(shop)).toEqual(['sealroom encrypt --table purchases']);
  expect(await nextOf(paper)).toEqual(['sealroom key receive']);
  await paper.done(['key', 'receive'], 'yes\n');
  await paper.done(['encrypt', '--table', 'readers']);
  expect((await paper.done(['status'])).out).toMatch(/✓ table readers: encrypted/);
  expect(await nextOf(paper)).toEqual([]);
}, 60_000);

describe('`encrypt --table`', () => {
  const other = (change: object): string =>
    JSON.stringify({ ...(JSON.parse(SCHEMA) as object), ...change }).replace('"person"', '"persons"');

  test('refuses at home what the room would refuse, and a room of the tables takes the rest', () =>
    withTwo(async (shop) => {
      const encrypt = ['encrypt', '--table', 'purchases'];
      await shop.session.put('bad.json', other({}));
      expect(await shop.run([...encrypt, '-s', 'bad.json'])).toMatchObject({
        code: 1,
        err: expect.stringMatching(
          /bad.json: the schema makes no column `person`, which the rule of `purchases` names\nhint: did you mean `persons`/,
        ) as string,
      });
      await shop.session.put(
        'bad.json',
        SCHEMA.replace('"type":"fingerprint"', '"type":"sealed","pad":{"type":"none"}'),
      );
      expect(await shop.run([...encrypt, '-s', 'bad.json'])).toMatchObject({
        code: 3,
        err: expect.stringMatching(
          /column `person`: the manifest has it fingerprint, the schema makes it sealed/,
        ) as string,
      });
      await shop.session.put(
        'bad.csv',
        PURCHASES.replace('3.50', '3,50').replace('p3@x.de,shoes,3,50', 'p3@x.de,shoes,"3,50"'),
      );
      const { code, err } = await shop.run([...encrypt, 'bad.csv']);
      expect([code, err]).toEqual([
        1,
        expect.stringMatching(
          /bad.csv, row 4, column `amount`: the value is not a number that fits DECIMAL\(18,2\)/,
        ) as string,
      ]);
      expect(err).not.toContain('3,50');
      expect(await shop.run(['encrypt', 'p.csv', '-s', 's.json', '--table', 'purchsaes'])).toMatchObject({
        code: 2,
        err: expect.stringMatching(/no table `purchsaes`\nhint: did you mean `purchases`/) as string,
      });
      expect(await shop.session.names()).not.toContain('p.protected.parquet');
      // Without a name it is only said: the table may be for something else.
      await shop.session.put('bad.json', other({}));
      expect((await shop.done(['encrypt', 'p.csv', '-s', 'bad.json', '-o', 'x.csv'])).err).toMatch(
        /warning: the room will refuse this as any table/,
      );
      await shop.done(encrypt);
      const room = await shop.done(['room', 'init', 'desk', 'p.protected.parquet']);
      expect(room.out).toMatch(/loaded purchases of shop: 12 rows/);
      expect(room.err).toMatch(/next: `sealroom room add/);
      const manifest = await readFile(shop.session.path('desk/manifest.yaml'), 'utf8');
      expect(manifest).toContain('exchange:');
      expect(manifest).not.toContain('requests:');
    }));

  test('refuses a manifest that not all have signed', () =>
    withTwo(async (shop) => {
      await shop.done([...ADD.slice(0, -1), '6', '--overwrite']);
      expect(await shop.run(['encrypt', '--table', 'purchases'])).toMatchObject({
        code: 4,
        err: expect.stringMatching(/signed another version/) as string,
      });
    }));
});

test('a room is not made of tables that carry no manifest', async () => {
  await using shop = await Member.start();
  expect(await shop.run(['room', 'init', 'desk', 'p.csv'])).toMatchObject({
    code: 2,
    err: expect.stringMatching(/p.csv: the file does not say which table of which manifest it is/) as string,
  });
  expect(await shop.run(['room', 'init', 'desk'])).toMatchObject({
    code: 2,
    err: expect.stringMatching(/needs `--manifest`, or tables that carry one/) as string,
  });
  expect(await shop.session.names()).not.toContain('desk');
});
