import { X509Certificate } from 'node:crypto';
import { chmod, stat } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { Session } from '../support/cli.ts';

const NAME = ['--name', 'room.example'];

test('an authority is made, and vouches for a server', async () => {
  await using session = await Session.start();
  const made = await session.run(['room', 'ca', 'init', 'ca', ...NAME, '--json']);
  expect(JSON.parse(made.out)).toMatchObject({ certFile: session.path('ca/ca.pem') });
  const issued = await session.run(['room', 'ca', 'issue', 'ca', ...NAME, '--name', '10.1.2.3']);
  expect(issued).toMatchObject({ code: 0, err: '' });
  const authority = new X509Certificate(await session.text('ca/ca.pem'));
  const certificate = new X509Certificate(await session.text('ca/cert.pem'));
  expect(certificate.checkIssued(authority)).toBe(true);
  expect(certificate.subjectAltName).toBe('DNS:room.example, IP Address:10.1.2.3');
  for (const file of ['ca/ca-key.pem', 'ca/ca.pem', 'ca/key.pem', 'ca/cert.pem']) {
    expect((await stat(session.path(file))).mode & 0o777).toBe(0o600);
  }
});

test('files that are there are replaced only if told to', async () => {
  await using session = await Session.start();
  await session.run(['room', 'ca', 'init', 'ca', ...NAME]);
  const before = await session.text('ca/ca-key.pem');
  expect(await session.run(['room', 'ca', 'init', 'ca', ...NAME, '--json'])).toMatchObject({
    code: 1,
    err: expect.stringContaining('IO_EXISTS') as unknown,
  });
  expect(await session.text('ca/ca-key.pem')).toBe(before);
  expect(await session.run(['room', 'ca', 'init', 'ca', ...NAME, '--overwrite'])).toMatchObject({ code: 0 });
  expect(await session.text('ca/ca-key.pem')).not.toBe(before);
});

test('nothing is made without an authority, with one that others can read, or for what is no name', async () => {
  await using session = await Session.start();
  const issue = ['room', 'ca', 'issue', 'ca', ...NAME, '--json'];
  expect((await session.run(issue)).err).toContain('SECRET_INVALID');
  await session.run(['room', 'ca', 'init', 'ca', ...NAME]);
  await chmod(session.path('ca/ca-key.pem'), 0o644);
  expect((await session.run(issue)).err).toContain('SECRET_INVALID');
  expect(await session.run(['room', 'ca', 'init', 'b', '--name', 'Room Example'])).toMatchObject({ code: 2 });
  expect(await session.run(['room', 'ca', 'renew', 'ca', ...NAME])).toMatchObject({ code: 2 });
});
