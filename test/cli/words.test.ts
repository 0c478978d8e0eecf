import { mkdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { ID, SECRET, Session } from '../support/cli.ts';

const SCHEMA =
  '{"headerRow":true,"columns":[{"sourceHeader":"a","targetHeader":"a","type":"sealed","pad":{"type":"none"}}]}';

/** Turns text red, clears the line, and starts a new direction of writing. */
const HOSTILE = '\u001b[31m\u009b2K\u202e';

/** Characters that a terminal obeys, but for line breaks and tabs. */
// eslint-disable-next-line no-control-regex -- what must not be there
const OBEYED = /[\0-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

test('of names of files, folders and headers, a terminal gets nothing to obey', async () => {
  const name = `x${HOSTILE}.csv`;
  await using session = await Session.start({ [name]: 'a\n1\n', 's.json': SCHEMA, 'h.csv': `b${HOSTILE}\n1\n` });
  await mkdir(session.path(`d${HOSTILE}`));
  await session.put(`d${HOSTILE}/1${HOSTILE}.csv`, 'a\n1\n');
  await session.put(`d${HOSTILE}/2${HOSTILE}.csv`, 'b\n1\n');
  const runs = [
    ['encrypt', name, '-s', 's.json', '--id', ID, '-o', `y${HOSTILE}.csv`],
    ['encrypt', `no${name}`, '-s', 's.json'],
    ['encrypt', 'h.csv', '-s', 's.json'],
    ['encrypt', `d${HOSTILE}`, '-s', 's.json', '-o', 'o.csv'],
    ['schema', 'h.csv', '--suggest', '-o', 'h.json'],
    ['schema', name, '--suggest', '-o', `z${HOSTILE}.json`],
    ['decrypt', `y${HOSTILE}.csv`, '-o', 'back.csv'],
    ['collab', 'show', `no${HOSTILE}.yaml`],
    [`no${HOSTILE}`],
    ['encrypt', `--no${HOSTILE}`],
  ];
  for (const argv of runs) {
    const { out, err } = await session.run(argv, { env: { C3R_SHARED_SECRET: SECRET } });
    expect([argv, OBEYED.exec(err + out)?.[0]]).toEqual([argv, undefined]);
  }
});
