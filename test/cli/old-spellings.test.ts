import { expect, test } from 'vitest';
import { respell } from '#cli/grammar/old-spellings';
import { Session } from '../support/cli.ts';

// How options were written in earlier releases, and how they are written now.
test.each([
  [
    ['collab', 'sign'],
    ['--key', 'a.key', '-t', 'reach'],
    ['--signing-key', 'a.key', '--template', 'reach'],
  ],
  [['collab', 'withdraw'], ['-k=a.key'], ['--signing-key=a.key']],
  [
    ['decrypt'],
    ['--keys', 'trusted', '-i', 'a.key', '--key', 'age:b'],
    ['--trust', 'trusted', '--identity', 'a.key', '--key', 'age:b'],
  ],
  [
    ['audit', 'verify'],
    ['-k', 'trusted'],
    ['--trust', 'trusted'],
  ],
  [
    ['collab', 'init'],
    ['-f', '-m', 'a,b'],
    ['--overwrite', '--members', 'a,b'],
  ],
  [
    ['room', 'init'],
    ['-m', 'm.yaml'],
    ['--manifest', 'm.yaml'],
  ],
  [
    ['key', 'send'],
    ['-f', '--', '-f'],
    ['--overwrite', '--', '-f'],
  ],
  [['encrypt'], ['-f', '--key', 'age:a'], ['-f', '--key', 'age:a']],
])('%j %j is read as %j', (path, argv, now) => {
  expect(respell(path, argv).argv).toEqual(now);
});

test('an old spelling works, and one notice says the new one', async () => {
  await using session = await Session.start({});
  const init = ['collab', 'init', 'm.yaml'];
  expect(await session.run([...init, '-m', 'a,b'])).toMatchObject({
    code: 0,
    err: 'notice: `-m` is now `--members`\n',
  });
  expect(await session.run([...init, '--members', 'a,b', '-f', '-f'])).toMatchObject({
    code: 0,
    err: 'notice: `-f` is now `--overwrite`\n',
  });
  expect(await session.run([...init, '--members', 'a,b', '-f', '--json'])).toMatchObject({ code: 0, err: '' });
});
