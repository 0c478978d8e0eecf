import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { SealroomError } from '#src/errors/sealroom-error';
import type { CleanRoomsOptions } from 'sealroom/collab';
import { createCleanRoomsClient, fetchCollaborationSettings } from 'sealroom/collab';
import { stubAws } from '../support/aws.ts';

const ID = '00000000-1111-2222-3333-444444444444';
const SETTINGS = {
  allowCleartext: true,
  allowDuplicates: false,
  allowJoinsOnColumnsWithDifferentNames: true,
  preserveNulls: false,
};

/** What the stand-in for AWS answers, and what it was asked. */
interface StandIn {
  readonly endpoint: string;
  readonly requests: string[];
  readonly agents: string[];
  answer: { readonly status: number; readonly error?: string; readonly body: unknown };
}

let server: Server;
let aws: StandIn;

beforeEach(async () => {
  stubAws();
  const requests: string[] = [];
  const agents: string[] = [];
  server = createServer((request, response) => {
    requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
    agents.push(request.headers['user-agent'] ?? '');
    const { status, error, body } = aws.answer;
    response.writeHead(status, {
      'content-type': 'application/json',
      ...(error === undefined ? {} : { 'x-amzn-errortype': error }),
    });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  aws = {
    endpoint: `http://127.0.0.1:${String(port)}`,
    requests,
    agents,
    answer: { status: 200, body: { collaboration: { id: ID, dataEncryptionMetadata: SETTINGS } } },
  };
});

afterEach(async () => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function fetchSettings(options: CleanRoomsOptions = {}, signal?: AbortSignal): Promise<unknown> {
  const client = await createCleanRoomsClient({ endpoint: aws.endpoint, ...options });
  try {
    return await fetchCollaborationSettings(client, ID, { signal });
  } finally {
    client.destroy();
  }
}

async function catchFailure(options: CleanRoomsOptions = {}, signal?: AbortSignal): Promise<SealroomError> {
  try {
    await fetchSettings(options, signal);
  } catch (error) {
    if (error instanceof SealroomError) return error;
    throw error;
  }
  return expect.fail('expected an error, got none');
}

describe('settings from AWS Clean Rooms', () => {
  test('are fetched by one call', async () => {
    expect(await fetchSettings()).toEqual(SETTINGS);
    expect(aws.requests).toEqual([`GET /collaborations/${ID}`]);
  });

  test('are asked for under the name of sealroom', async () => {
    await fetchSettings();
    expect(aws.agents[0]).toMatch(/ sealroom$/);
  });

  test.each([
    ['ResourceNotFoundException', 404, 'does not know the collaboration', 'the region'],
    ['AccessDeniedException', 403, 'denied access', 'cleanrooms:GetCollaboration'],
    ['ThrottlingException', 429, 'throttling', 'try again'],
    ['ValidationException', 400, 'rejected the request as invalid', 'collaboration id'],
    ['UnrecognizedClientException', 403, 'no usable AWS credentials', '--profile'],
  ])('a %s is explained', async (error, status, message, hint) => {
    aws.answer = { status, error, body: { message: 'in the words of AWS' } };
    const failure = await catchFailure();
    expect(failure.code).toBe('IO_CLEAN_ROOMS');
    expect(failure.message).toContain(message);
    expect(failure.hint).toContain(hint);
    expect(failure.cause).toHaveProperty('name', error);
  });

  test('any other failure is passed on in the words of AWS, on one line', async () => {
    aws.answer = { status: 418, error: 'TeapotException', body: { message: 'short\nand stout' } };
    expect(await catchFailure()).toMatchObject({
      code: 'IO_CLEAN_ROOMS',
      message: 'AWS Clean Rooms failed with `TeapotException`: short',
    });
  });

  test('an answer that is not JSON is not repeated', async () => {
    aws.answer = { status: 502, body: '<html>bad gateway</html>' };
    expect((await catchFailure()).message).toBe('AWS Clean Rooms did not answer in JSON; the HTTP status was 502');
  });

  test.each([{}, { dataEncryptionMetadata: null }])(
    'a collaboration with %j was not made for encryption',
    async (part) => {
      aws.answer = { status: 200, body: { collaboration: { id: ID, ...part } } };
      const failure = await catchFailure();
      expect(failure.code).toBe('IO_CLEAN_ROOMS');
      expect(failure.message).toBe('the collaboration has no encryption settings');
    },
  );

  test('incomplete settings are refused', async () => {
    aws.answer = {
      status: 200,
      body: { collaboration: { dataEncryptionMetadata: { ...SETTINGS, preserveNulls: undefined } } },
    };
    const failure = await catchFailure();
    expect(failure.code).toBe('IO_CLEAN_ROOMS');
    expect(failure.message).toContain('`preserveNulls`: expected true or false, got nothing');
  });

  test('without a region it says so', async () => {
    vi.stubEnv('AWS_REGION', undefined);
    expect(await catchFailure()).toMatchObject({ code: 'IO_CLEAN_ROOMS', hint: expect.stringContaining('--region') });
    expect(await fetchSettings({ region: 'eu-central-1' })).toEqual(SETTINGS);
  });

  test.each([{}, { profile: 'nobody' }])('without credentials it says so (%j)', async (options) => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', undefined);
    const failure = await catchFailure(options);
    expect(failure.message).toBe('no usable AWS credentials for AWS Clean Rooms');
    expect(aws.requests).toEqual([]);
  });

  test('without a network it says so', async () => {
    const failure = await catchFailure({ endpoint: 'http://127.0.0.1:1' });
    expect(failure.code).toBe('IO_CLEAN_ROOMS');
    expect(failure.message).toBe('AWS Clean Rooms could not be reached: ECONNREFUSED');
  });

  test('a signal stops it', async () => {
    expect((await catchFailure({}, AbortSignal.abort())).code).toBe('IO_ABORTED');
  });

  test('any object that can send the command will do', async () => {
    const sent: unknown[] = [];
    const client = {
      send: async (command: { input: unknown }) => {
        sent.push(command.input);
        return { collaboration: { dataEncryptionMetadata: SETTINGS } };
      },
    };
    expect(await fetchCollaborationSettings(client, ID)).toEqual(SETTINGS);
    expect(sent).toEqual([{ collaborationIdentifier: ID }]);
  });
});
