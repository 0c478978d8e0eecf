import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { completeConfiguration, parseConfiguration } from '#src/server/config';
import { ROOT } from '../tooling/run-tool.ts';

const FILE = '/etc/sealroom/spring.yaml';

function parse(text: string): ReturnType<typeof completeConfiguration> {
  return completeConfiguration(parseConfiguration(text, FILE));
}

const WHOLE = 'origin: https://room.example\nlisten: 0.0.0.0:443\ntls: { key: key.pem, cert: /etc/ssl/cert.pem }\n';

describe('a configuration', () => {
  test('names files beside it', () => {
    expect(parse(`${WHOLE}ops: run/ops.sock\nkeep: { jobDays: 3 }\n`)).toMatchObject({
      origin: 'https://room.example',
      listen: { host: '0.0.0.0', port: 443 },
      tls: { keyFile: '/etc/sealroom/key.pem', certFile: '/etc/ssl/cert.pem', isPqOnly: false },
      ops: { path: '/etc/sealroom/run/ops.sock' },
      isStandby: false,
      keep: { jobDays: 3 },
    });
  });

  test('that docs/serving.md shows is complete', () => {
    const [, example = ''] = /```yaml\n(.*?)```/s.exec(readFileSync(`${ROOT}/docs/serving.md`, 'utf8')) ?? [];
    const text = example.replaceAll(/^ {3}/gm, '');
    expect(parse(text)).toMatchObject({ ops: { host: '127.0.0.1', port: 9464 } });
  });

  test('may leave TLS to a front', () => {
    expect(parse('origin: https://room.example\nlisten: "[::1]:8443"\ntls: off\n')).toMatchObject({
      listen: { host: '::1', port: 8443 },
      tls: null,
      ops: null,
    });
  });

  test.each([
    { text: `${WHOLE}secret: x`, names: 'secret' },
    { text: `${WHOLE}limits: { partbytes: 1 }`, names: 'limits.partbytes' },
    { text: `${WHOLE}processes: 0`, names: 'processes' },
    { text: `${WHOLE}origin: https://other.example`, names: 'YAML' },
    { text: 'origin: &a https://room.example\nlisten: *a', names: '' },
    { text: '- 1', names: '' },
    { text: 'origin: http://room.example\nlisten: 0.0.0.0:443\ntls: off', names: 'http://room.example' },
    { text: 'origin: https://room.example\nlisten: room.example:443\ntls: off', names: 'room.example:443' },
    { text: 'origin: https://room.example\nlisten: 0.0.0.0\ntls: off', names: '0.0.0.0' },
    { text: 'listen: 0.0.0.0:443\ntls: off', names: '--origin' },
    { text: 'origin: https://room.example\ntls: off', names: '--listen' },
    { text: 'origin: https://room.example\nlisten: 0.0.0.0:443', names: '--tls-key' },
  ])('is refused: $text', ({ text, names }) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({ code: 'USAGE_OPTION', message: expect.stringContaining(names) as unknown }),
    );
  });
});
