import { describe, expect, test } from 'vitest';
import { createSignerFile, readSignerFile, signCheckpoint } from 'sealroom/audit';
import { LogFolder, refused, released, start, USE } from '../audit/support.ts';
import { Session } from '../support/cli.ts';

/** A log of five records below a session, its verifier key in `keys`. */
async function withLog(action: (session: Session, log: LogFolder) => Promise<void>): Promise<void> {
  await using log = await LogFolder.create();
  await using session = await Session.start({ keys: `${log.signer.verifier.toString()}\n` });
  const attempts = ['6d1f8f0e-95a4-4d57-9d0a-1f0f1f5f2c11', '6d1f8f0e-95a4-4d57-9d0a-1f0f1f5f2c12'] as const;
  {
    await using writer = await log.open();
    await start(writer, attempts[0]);
    await writer.append(released(attempts[0]));
    await writer.append(refused());
    const theirs = [{ ...USE, table: 'visits', owner: 'shop' }];
    await writer.append(
      refused({
        member: 'shop',
        tables: theirs,
        receivers: [],
        findings: [{ code: 'SELF_JOIN', message: 'x', span: null, table: 'visits' }],
      }),
    );
    await start(writer, attempts[1]);
  }
  await action(session, log);
}

describe('sealroom audit', () => {
  test('verify: a whole log, an export and a proof of growth', () =>
    withLog(async (session, { directory }) => {
      const whole = await session.run(['audit', 'verify', directory, '--trust', 'keys']);
      expect(whole).toMatchObject({ code: 0, out: '' });
      expect(whole.err).toMatch(
        /^verified 5 records and 1 checkpoint\nsigned by runner\.example\/spring\+[0-9a-f]{8}\nrecord 4: the query has not finished\n$/,
      );
      const json = await session.run(['audit', 'verify', directory, '--trust', 'keys', '--json']);
      expect(JSON.parse(json.out)).toMatchObject({ records: 5, unfinished: [4], problems: [] });

      await session.put('seen', (await session.run(['audit', 'checkpoint', directory, '--trust', 'keys'])).out);
      const proof = await session.run(['audit', 'prove', directory, '--trust', 'keys', '--from', '5']);
      await session.put('growth', proof.out);
      const grown = await session.run(['audit', 'verify', 'growth', '--trust', 'keys', '--seen', 'seen']);
      expect(grown).toMatchObject({ code: 0, err: 'the log of 5 records extends the one that you saw before\n' });

      await session.put(
        'mine',
        (await session.run(['audit', 'export', directory, '--trust', 'keys', '--for', 'pub'])).out,
      );
      const mine = await session.run(['audit', 'verify', 'mine', '--trust', 'keys']);
      expect(mine).toMatchObject({ code: 0, err: 'verified 4 records of a log of 5\n' });
      const checked = await session.run(['audit', 'verify', 'mine', '--trust', 'keys', '--seen', 'seen']);
      expect(checked).toMatchObject({ code: 0, err: 'verified 4 records of a log of 5\n' });
      await session.put('mine', (await session.text('mine')).replace('\\"rows\\":3', '\\"rows\\":4'));
      expect(await session.run(['audit', 'verify', 'mine', '--trust', 'keys'])).toMatchObject({ code: 4 });
    }));

  test('A-51 verify: a fork is told with both checkpoints, of a log, an export and a proof of growth', () =>
    withLog(async (session, { directory, signer }) => {
      const fork = signCheckpoint({ size: 5, root: new Uint8Array(32) }, signer);
      const own = (await session.run(['audit', 'checkpoint', directory, '--trust', 'keys'])).out;
      await session.put('seen', fork);
      await session.put(
        'growth',
        (await session.run(['audit', 'prove', directory, '--trust', 'keys', '--from', '5'])).out,
      );
      await session.put(
        'mine',
        (await session.run(['audit', 'export', directory, '--trust', 'keys', '--for', 'pub'])).out,
      );
      const message = 'the signer of `runner.example/spring` signed two logs: its checkpoints of 5 records differ';
      for (const path of [directory, 'mine', 'growth']) {
        const argv = ['audit', 'verify', path, '--trust', 'keys', '--seen', 'seen'];
        const { code, err } = await session.run(argv);
        expect(code).toBe(4);
        for (const text of [message, own, fork]) expect(err).toContain(text);
        const json = await session.run([...argv, '--json']);
        expect(json.code).toBe(4);
        expect(`${json.out}${json.err}`).toContain(JSON.stringify(fork));
        expect(`${json.out}${json.err}`).toContain(JSON.stringify(own));
      }
    }));

  test('verify: exit code 4 and each difference for a log that was changed', () =>
    withLog(async (session, log) => {
      const checkpoint = await log.read('checkpoint');
      await log.write('log.jsonl', (await log.read('log.jsonl')).replace('"rows":3', '"rows":4'));
      await session.put('seen', checkpoint);
      const outcome = await session.run(['audit', 'verify', log.directory, '--trust', 'keys', '--seen', 'seen']);
      expect(outcome.code).toBe(4);
      expect(outcome.err).toMatch(/^record 1: it was changed$/m);
      expect(outcome.err).toMatch(/^error: verification failed: \d problems$/m);
      const json = await session.run(['audit', 'verify', log.directory, '--trust', 'keys', '--json']);
      expect(json.code).toBe(4);
      expect(JSON.parse(json.out)).toMatchObject({ problems: [{ record: 1 }, { record: null }] });
      expect(JSON.parse(json.err)).toMatchObject({ error: { code: 'AUDIT_CHAIN' } });
      for (const argv of [['checkpoint'], ['prove', '--record', '0'], ['export', '--for', 'pub']]) {
        const [name = '', ...rest] = argv;
        expect(await session.run(['audit', name, log.directory, '--trust', 'keys', ...rest])).toMatchObject({
          code: 4,
          out: '',
        });
      }
    }));

  test('show: a line for each record, or the records themselves', () =>
    withLog(async (session, log) => {
      const shown = await session.run(['audit', 'show', log.directory]);
      expect(shown.code).toBe(0);
      expect(shown.out.split('\n').slice(0, 4)).toEqual([
        '0  2026-11-24T12:00:00.000Z  start    brand  impressions  6d1f8f0e-95a4-4d57-9d0a-1f0f1f5f2c11',
        '1  2026-11-24T12:00:00.000Z  released brand  3 rows to brand, under 1 s  6d1f8f0e-95a4-4d57-9d0a-1f0f1f5f2c11',
        expect.stringMatching(/^2 .* refused {2}brand {2}PARSE_ERROR {2}/),
        expect.stringMatching(/^3 .* refused {2}shop {2}SELF_JOIN {2}/),
      ]);
      const none = await session.run(['audit', 'show', log.directory, '--key', 'age:none']);
      expect(none).toMatchObject({ code: 0, out: '', err: expect.stringContaining('no record is about this key') });
      const json = await session.run(['audit', 'show', log.directory, '--json']);
      expect(json.out).toBe(await log.read('log.jsonl'));
    }));

  test('A-28 export: the records that concern a member, and attempts that name no known table', () =>
    withLog(async (session, { directory }) => {
      const records = async (member: string): Promise<unknown[]> => {
        const { out } = await session.run(['audit', 'export', directory, '--trust', 'keys', '--for', member]);
        return out
          .split('\n')
          .slice(0, -1)
          .map((line) => {
            const { record } = JSON.parse(line) as { record: string };
            return (JSON.parse(record) as { index: number }).index;
          });
      };
      expect(await records('pub')).toEqual([0, 1, 2, 4]);
      expect(await records('brand')).toEqual([0, 1, 2, 4]);
      expect(await records('shop')).toEqual([2, 3]);
      expect(await records('nobody')).toEqual([2]);
    }));

  test('A-26, A-27 prove: text of c2sp.org/tlog-proof, and of c2sp.org/tlog-witness', () =>
    withLog(async (session, { directory }) => {
      const { out: checkpoint } = await session.run(['audit', 'checkpoint', directory, '--trust', 'keys']);
      const record = await session.run(['audit', 'prove', directory, '--trust', 'keys', '--record', '2']);
      const [head = ''] = record.out.split('\n\n');
      expect(head.split('\n').slice(0, 2)).toEqual(['c2sp.org/tlog-proof@v1', 'index 2']);
      expect(record.out).toBe(`${head}\n\n${checkpoint}`);
      const growth = await session.run(['audit', 'prove', directory, '--trust', 'keys', '--from', '3']);
      expect(growth.out).toMatch(/^old 3\n/);
      expect(growth.out.endsWith(`\n\n${checkpoint}`)).toBe(true);
      for (const wrong of [[], ['--record', '1', '--from', '1']]) {
        expect(await session.run(['audit', 'prove', directory, '--trust', 'keys', ...wrong])).toMatchObject({
          code: 2,
        });
      }
      expect(await session.run(['audit', 'prove', directory, '--trust', 'keys', '--record', '5'])).toMatchObject({
        code: 4,
      });
    }));

  test('key: makes a secret file and prints the verifier key', async () => {
    await using session = await Session.start();
    const outcome = await session.run(['audit', 'key', 'runner.key', '--name', 'runner.example/a']);
    expect(outcome.code).toBe(0);
    const signer = await readSignerFile(session.path('runner.key'));
    expect(outcome.out).toBe(`${signer.verifier.toString()}\n`);
    const again = await session.run(['audit', 'key', 'runner.key', '--name', 'runner.example/a']);
    expect(again).toMatchObject({ code: 1, out: '' });
    expect(await session.run(['audit', 'key', 'b.key', '--name', 'a b'])).toMatchObject({ code: 2 });
  });

  test('needs keys, a log and checkpoints that are some', () =>
    withLog(async (session, { directory }) => {
      await createSignerFile(session.path('secret'), 'runner.example/a');
      await session.put('empty', '');
      await session.put('text', 'x\n');
      const cases: readonly (readonly [readonly string[], number])[] = [
        [['audit'], 2],
        [['audit', 'verify', directory], 2],
        [['audit', 'verify', directory, '--trust', 'empty'], 2],
        [['audit', 'verify', directory, '--trust', 'secret'], 2],
        [['audit', 'verify', directory, '--trust', 'none'], 1],
        [['audit', 'verify', 'none', '--trust', 'keys'], 1],
        [['audit', 'verify', directory, '--trust', 'keys', '--seen', 'empty'], 2],
        [['audit', 'verify', directory, '--trust', 'keys', '--seen', 'text'], 4],
        [['audit', 'verify', 'text', '--trust', 'keys'], 4],
        [['audit', 'show', 'none'], 1],
      ];
      for (const [argv, code] of cases) {
        const outcome = await session.run(argv);
        expect([argv, outcome.code]).toEqual([argv, code]);
        expect(outcome.err).not.toContain((await session.text('secret')).slice(-20, -1));
      }
    }));
});
