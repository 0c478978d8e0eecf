import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { awsFailureOf, loadAwsSdk } from '#src/aws/index';

const named = (name: string, more: object = {}): Error => Object.assign(new Error('x'), { name }, more);

describe('a failure of AWS', () => {
  test.each<[string, Error, object]>([
    ['no credentials', named('CredentialsProviderError'), { kind: 'credentials' }],
    ['an old token', named('ExpiredTokenException'), { kind: 'credentials' }],
    ['no region', new Error('Region is missing'), { kind: 'region' }],
    ['no answer in time', named('TimeoutError'), { kind: 'network', code: null }],
    ['no connection', named('Error', { code: 'ECONNREFUSED' }), { kind: 'network', code: 'ECONNREFUSED' }],
    ['a bad certificate', named('Error', { code: 'CERT_HAS_EXPIRED' }), { kind: 'network', code: 'CERT_HAS_EXPIRED' }],
    ['a status', named('Odd', { $metadata: { httpStatusCode: 503 } }), { kind: 'other', status: 503 }],
    ['a status that is none', named('Odd', { $metadata: { httpStatusCode: '503' } }), { kind: 'other', status: null }],
    ['another code', named('Odd', { code: 'nonsense' }), { kind: 'other', status: null }],
  ])('of %s is told apart from others', (_, error, failure) => {
    expect(awsFailureOf(error)).toEqual(failure);
  });
});

describe('a client of the AWS SDK', () => {
  test('that is installed is loaded', async () => {
    expect(await loadAwsSdk('any', 'IO_CLEAN_ROOMS', () => Promise.resolve('loaded'))).toBe('loaded');
  });

  test.each([
    [named('Error', { code: 'ERR_MODULE_NOT_FOUND' }), 'the package `any` is not installed'],
    [named('Error', { code: 'EACCES' }), 'the package `any` does not load: permission denied'],
  ])('that is missing or broken says so, and how to install it', async (cause, message) => {
    await expect(loadAwsSdk('any', 'CUSTODY_UNAVAILABLE', () => Promise.reject(cause))).rejects.toMatchObject({
      code: 'CUSTODY_UNAVAILABLE',
      message,
      hint: 'run `npm install any` where sealroom is installed',
      cause,
    });
  });

  test('for Clean Rooms that is missing is refused when settings are asked for, and not before', async () => {
    const hooks = `export const resolve = (name, context, next) => {
      if (name.startsWith('@aws-sdk/')) throw Object.assign(new Error('gone'), { code: 'ERR_MODULE_NOT_FOUND' });
      return next(name, context);
    };`;
    const script = `
      import { register } from 'node:module';
      register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hooks)}));
      const { createCleanRoomsClient } = await import('sealroom/collab');
      await import('sealroom/custody');
      await createCleanRoomsClient().catch(({ code, message }) => console.log(code + ': ' + message));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: join(import.meta.dirname, '../..'),
    });
    expect(stdout).toBe('IO_CLEAN_ROOMS: the package `@aws-sdk/client-cleanrooms` is not installed\n');
  });
});
