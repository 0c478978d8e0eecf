import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { afterAll, describe, expect, test } from 'vitest';
import { type CertifiedKey, issueCertificate, makeAuthority, parseHostName } from '#src/certificates/index';

const NOW = new Date();
const DIRECTORY = mkdtempSync(join(tmpdir(), 'sealroom-test-'));

afterAll(() => rmSync(DIRECTORY, { recursive: true, force: true }));

const named = (...names: readonly string[]) => names.map(parseHostName);

function issueBy(authority: CertifiedKey, ...names: readonly string[]): CertifiedKey {
  const parsed = { key: createPrivateKey(authority.key), cert: new X509Certificate(authority.cert) };
  return issueCertificate(parsed, named(...names), NOW);
}

/** What OpenSSL thinks of a certificate. */
function verify(authority: CertifiedKey, { cert }: CertifiedKey, ...options: readonly string[]): string {
  writeFileSync(join(DIRECTORY, 'ca.pem'), authority.cert);
  writeFileSync(join(DIRECTORY, 'cert.pem'), cert);
  try {
    return execFileSync(
      'openssl',
      ['verify', '-x509_strict', '-purpose', 'sslserver', ...options, '-CAfile', 'ca.pem', 'cert.pem'],
      {
        cwd: DIRECTORY,
        encoding: 'utf8',
        stdio: 'pipe',
      },
    );
  } catch (error) {
    return String(error instanceof Error && 'stderr' in error ? error.stderr : error);
  }
}

describe('a certificate', () => {
  const authority = makeAuthority(named('room.example', '10.1.2.3', '2001:db8::5'), NOW);

  test('is accepted by OpenSSL for the names that it has', () => {
    const issued = issueBy(authority, 'room.example', 'b.room.example', '10.1.2.3', '2001:db8::5');
    expect(verify(authority, issued, '-verify_hostname', 'b.room.example')).toBe('cert.pem: OK\n');
    expect(verify(authority, issued, '-verify_ip', '10.1.2.3')).toBe('cert.pem: OK\n');
    expect(verify(authority, issued, '-verify_ip', '2001:db8::5')).toBe('cert.pem: OK\n');
    expect(verify(authority, issued, '-verify_hostname', 'other.example')).toContain('ostname mismatch');
    const parsed = new X509Certificate(issued.cert);
    expect(parsed.subjectAltName).toBe(
      'DNS:room.example, DNS:b.room.example, IP Address:10.1.2.3, IP Address:2001:DB8:0:0:0:0:0:5',
    );
    expect(parsed.checkPrivateKey(createPrivateKey(issued.key))).toBe(true);
    expect(Date.parse(parsed.validTo) - Date.parse(parsed.validFrom)).toBe(397 * 86_400_000);
    expect(Date.parse(parsed.validFrom)).toBeLessThan(NOW.getTime());
  });

  test.each(['other.example', 'xroom.example', '10.1.2.4', '2001:db8::6'])(
    'is refused for %s, which the authority may not vouch for',
    (name) => {
      expect(verify(authority, issueBy(authority, name))).toContain('permitted subtree violation');
    },
  );

  test('is refused for an address by an authority for names, and the other way round', () => {
    const names = makeAuthority(named('room.example'), NOW);
    for (const address of ['10.1.2.3', '2001:db8::5']) {
      expect(verify(names, issueBy(names, address))).toMatch(/subtree violation/);
    }
    const addresses = makeAuthority(named('10.1.2.3'), NOW);
    expect(verify(addresses, issueBy(addresses, 'room.example'))).toMatch(/subtree violation/);
    expect(verify(addresses, issueBy(addresses, '2001:db8::5'))).toMatch(/subtree violation/);
    expect(verify(addresses, issueBy(addresses, '10.1.2.3'))).toBe('cert.pem: OK\n');
  });

  test('is refused by another authority, and vouches for nobody', () => {
    const issued = issueBy(authority, 'room.example');
    expect(verify(makeAuthority(named('room.example'), NOW), issued)).toContain('error');
    expect(new X509Certificate(issued.cert).ca).toBe(false);
    expect(() => issueBy(issued, 'room.example')).toThrow('not an authority');
  });

  test('is used by a server, and accepted by a client', async () => {
    const issued = issueBy(authority, '10.1.2.3', 'room.example');
    const server = createServer(issued, (socket) => socket.end('here')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const client = connect({ port, host: '127.0.0.1', ca: authority.cert, servername: 'room.example' });
    await once(client, 'secureConnect');
    expect(client.authorized).toBe(true);
    client.destroy();
    server.close();
  });
});

test('an authority whose key is another, or that ends too soon, vouches for nothing', () => {
  const [one, other] = [makeAuthority(named('room.example'), NOW), makeAuthority(named('room.example'), NOW)];
  expect(() => issueBy({ key: other.key, cert: one.cert }, 'room.example')).toThrow('not that of its certificate');
  const old = makeAuthority(named('room.example'), new Date(NOW.getTime() - 3600 * 86_400_000));
  expect(() => issueBy(old, 'room.example')).toThrow('expires before');
});

test('an authority of this century may end in the second half of it', () => {
  const { cert } = makeAuthority(named('room.example'), new Date('2045-01-01T00:00:00Z'));
  expect(new X509Certificate(cert).validTo).toMatch(/2054 GMT$/);
});

test.each(['Room.example', 'room.example/', '', '*.example', 'a'.repeat(300), '-a.example', 'fe80::1%eth0'])(
  '%j is not the name of a server',
  (name) => {
    expect(() => parseHostName(name)).toThrow('is not the name of a server');
  },
);

test.each([
  ['::', '00'.repeat(16)],
  ['[::1]', `${'00'.repeat(15)}01`],
  ['2001:db8:1:2:3:4:5:6', '20010db8000100020003000400050006'],
  ['::ffff:10.1.2.3', `${'00'.repeat(10)}ffff0a010203`],
  ['192.0.2.7', 'c0000207'],
])('%s is an address', (text, hex) => {
  const name = parseHostName(text);
  expect(name.kind === 'address' ? Buffer.from(name.bytes).toString('hex') : name.name).toBe(hex);
});
