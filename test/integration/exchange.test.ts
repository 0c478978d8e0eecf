import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// The hand-over of docs/exchange.md under a protocol verifier. Wakes where `verifpal` is in the PATH: `cargo install verifpal`
// with Rust 1.98 or newer takes minutes, so it is not installed from here.
const hasVerifpal = spawnSync('verifpal', ['--version']).status === 0;

/** What is changed in the model, and whether confidentiality (c) and authentication (a) hold (0) or are broken (1) then. */
const CASES: readonly (readonly [name: string, change: (model: string) => string, verdict: string])[] = [
  ['as it is', (model) => model, 'c0a0'],
  [
    'without the challenge parcels can be replayed',
    (model) =>
      model
        .replace('	generates challenge\n', '')
        .replace('-> Sender: challenge, ', '-> Sender: ')
        .replaceAll('(request_type, collaboration, challenge,', '(request_type, collaboration,'),
    'c0a1',
  ],
  [
    'with cards that nobody compared nothing holds',
    (model) =>
      model
        .replace('[receiver_sign], [receiver_dh], [receiver_kem]', 'receiver_sign, receiver_dh, receiver_kem')
        .replace('Sender -> Receiver: [sender_sign]', 'Sender -> Receiver: sender_sign'),
    'c1a1',
  ],
  [
    'there is no forward secrecy: receiving keys that leak later open what was recorded',
    (model) =>
      model.replace('phase[1]\n', 'phase[1]\n\nprincipal Receiver[\n	leaks receiver_dh_sk, receiver_kem_sk\n]\n'),
    'c1a0',
  ],
  [
    "the receiver's signing key alone does not give the secret",
    (model) => model.replace('PUBKEY(receiver_kem_sk)\n', 'PUBKEY(receiver_kem_sk)\n	leaks receiver_sign_sk\n'),
    'c0a0',
  ],
  [
    'with ML-KEM broken, X25519 holds',
    (model) =>
      model
        .replaceAll('[weak from phase 1]', '')
        .replace('KEM_ENCAP(receiver_kem, coins)\n', 'KEM_ENCAP(receiver_kem, coins)\n	leaks coins\n'),
    'c0a0',
  ],
  [
    'with X25519 alone (--classic), what was recorded falls to a quantum computer',
    (model) => model.replace('KEM_ENCAP(receiver_kem, coins)\n', 'KEM_ENCAP(receiver_kem, coins)\n	leaks coins\n'),
    'c1a0',
  ],
];

if (!hasVerifpal) console.log('skipped: the model of the hand-over, since there is no `verifpal` in the PATH');

describe.skipIf(!hasVerifpal)('the hand-over under Verifpal', () => {
  let folder = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sealroom-verifpal-'));
  });

  afterAll(() => rm(folder, { recursive: true }));

  test.each(CASES)('%s', async (_, change, verdict) => {
    const model = await readFile(join(import.meta.dirname, 'exchange.vp'), 'utf8');
    if (verdict !== 'c0a0') expect(change(model)).not.toBe(model);
    const file = join(folder, 'case.vp');
    await writeFile(file, change(model));
    const done = spawnSync('verifpal', ['verify', '--result-code', file], { encoding: 'utf8' });
    expect({ status: done.status, verdict: done.stdout.trim().split('\n').at(-1) }).toEqual({ status: 0, verdict });
  });
});
