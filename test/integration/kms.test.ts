import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { CreateAliasCommand, CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { attemptTool, motoServer } from './tools/toolbox.mjs';
import { openAwsKms } from '#src/custody/providers/aws-kms/aws-kms';
import { EnvelopeProvider } from '#src/custody/providers/envelope-provider';
import { factsOf, keepsContract, madeSecret } from '../custody/providers/contract.ts';

// moto, an AWS of others than us. It enforces neither policies nor states of keys: test/custody has a stand-in that does. Wakes
// where Python and PyPI are at hand; with CI=true they must be.
const { tool: server, missing } = attemptTool(motoServer);

const REGION = 'eu-west-1';
const START_MS = 120_000;

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  listener.close();
  await once(listener, 'close');
  return port;
}

async function isUp(endpoint: string): Promise<boolean> {
  try {
    return (await fetch(`${endpoint}/moto-api/`)).status < 500;
  } catch {
    return false;
  }
}

describe.skipIf(server === null)(`KMS of moto${missing === null ? '' : ` (${missing})`}`, () => {
  let moto: ChildProcess;
  let endpoint = '';
  const arns: string[] = [];

  beforeAll(async () => {
    const port = await freePort();
    endpoint = `http://127.0.0.1:${String(port)}`;
    moto = spawn(server ?? '', ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
    while (!(await isUp(endpoint))) await wait(200);
    const client = new KMSClient({ endpoint, region: REGION, credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
    for (const name of ['one', 'two']) {
      const { KeyMetadata } = await client.send(new CreateKeyCommand({}));
      await client.send(new CreateAliasCommand({ AliasName: `alias/${name}`, TargetKeyId: KeyMetadata?.KeyId }));
      arns.push(KeyMetadata?.Arn ?? '');
    }
    client.destroy();
    process.env['AWS_ACCESS_KEY_ID'] = 'a';
    process.env['AWS_SECRET_ACCESS_KEY'] = 'b';
  }, START_MS);

  afterAll(async () => {
    moto.kill();
    await once(moto, 'exit');
  });

  const open = (name: string, where = endpoint) =>
    new EnvelopeProvider('aws-kms', openAwsKms(`${name}?region=${REGION}&endpoint=${encodeURIComponent(where)}`));

  keepsContract('aws-kms', {
    open: () => Promise.resolve(open(arns[0] ?? '')),
    openOther: () => Promise.resolve(open(arns[1] ?? '')),
    openUnreachable: () => Promise.resolve(open(arns[0] ?? '', 'http://127.0.0.1:9')),
    stride: 5,
    // Of a data key whose bytes name a key that is not there.
    otherRefusals: ['CUSTODY_DENIED'],
  });

  test('an alias is written down as the key that it is of', async () => {
    using secret = madeSecret();
    await using provider = open('alias/one');
    const envelope = await provider.wrap(secret, factsOf(secret));
    expect(envelope.key).toBe(`aws-kms:${arns[0] ?? ''}?endpoint=${encodeURIComponent(endpoint)}`);
    await using named = new EnvelopeProvider('aws-kms', openAwsKms(envelope.key.slice('aws-kms:'.length)));
    using opened = await named.unwrap(envelope);
    expect(opened?.equals(secret)).toBe(true);
  });
});
