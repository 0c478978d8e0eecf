import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ERROR_CODES, listProblems, SealroomError } from 'sealroom';
import { joinProblems } from '#src/errors/index';
import { describeFailure, problemBody, toProblem, toSealroomError } from '#src/wire/index';
import { runs } from '../support/runs.ts';

const ID = '0d3a6f7e-6f1c-4a52-9d35-3a1f4f5c8f10';

/** Codes of the room's own failures, of which nobody else learns more than an id. */
const INTERNAL = ERROR_CODES.filter((code) => toProblem(new SealroomError(code, 'a'), ID).code !== code);

const told = ERROR_CODES.filter((code) => !INTERNAL.includes(code));

const place = fc.record(
  {
    line: fc.nat().map((at) => at + 1),
    character: fc.nat().map((at) => at + 1),
    path: fc.string(),
    row: fc.nat().map((at) => at + 1),
    column: fc.string(),
  },
  { requiredKeys: [] },
);

const error = fc
  .record({ code: fc.constantFrom(...told), message: fc.string(), hint: fc.option(fc.string()), where: place })
  .map(({ code, message, hint, where }) => new SealroomError(code, message, { hint: hint ?? undefined, where }));

/** What a command prints of an error. */
function shown({ code, message, hint, where }: SealroomError): object {
  return {
    code,
    message,
    hint,
    where: Object.fromEntries(Object.entries(where).filter(([, value]) => value !== undefined)),
  };
}

/** What the client makes of an answer. */
function travel(sent: SealroomError): SealroomError {
  return toSealroomError(problemBody.parse(JSON.parse(JSON.stringify(toProblem(sent, ID)))));
}

test('an error is the same on the other side', () => {
  fc.assert(
    fc.property(error, (sent) => {
      expect(shown(travel(sent))).toEqual(shown(sent));
    }),
    { numRuns: runs(400) },
  );
});

test('so are several in one', () => {
  fc.assert(
    fc.property(error, fc.array(error, { minLength: 1, maxLength: 30 }), (first, rest) => {
      const sent = joinProblems(first, rest);
      const received = travel(sent);
      expect(shown(received)).toEqual(shown(sent));
      expect(listProblems(received).map(shown)).toEqual([first, ...rest].map(shown));
    }),
    { numRuns: runs(200) },
  );
});

test('what is longer than a text, and more than is told, is cut', () => {
  const long = 'x'.repeat(200_000);
  const sent = new SealroomError('DATA_COLUMN', long, { hint: long, where: { column: long, path: long } });
  expect(travel(sent)).toMatchObject({ code: 'DATA_COLUMN', hint: expect.stringMatching(/^x+…$/) });
  const others = Array<SealroomError>(2000).fill(new SealroomError('DATA_VALUE', 'a'));
  expect(listProblems(travel(joinProblems(sent, others)))).toHaveLength(1000);
});

test("a file of the room's is not named", () => {
  const sent = new SealroomError('MANIFEST_INVALID', 'a', {
    where: { file: '/srv/rooms/canary/manifest.yaml', line: 3 },
  });
  expect(JSON.stringify(toProblem(sent, ID))).not.toContain('canary');
  expect(toProblem(sent, ID).where).toEqual({ line: 3 });
});

/** Codes of files and rules that no load and no query of a room can end with: what needs a secret, a package, or the words of a check. */
const ELSEWHERE: readonly string[] = [
  'FORMAT_TAG',
  'FORMAT_VALUE',
  'FORMAT_SIDECAR',
  'FORMAT_PACKAGE',
  'FORMAT_REPLAY',
  'RULE_CLEARTEXT',
  'RULE_FINGERPRINT',
  'RULE_QUERY',
];

test('whatever is wrong with a file that is loaded is told', () => {
  const ofFiles = ERROR_CODES.filter((code) => /^(?:DATA|FORMAT|RULE)_/.test(code) && !ELSEWHERE.includes(code));
  expect(ofFiles).toEqual(expect.arrayContaining(['RULE_DUPLICATES', 'RULE_SOURCE', 'FORMAT_CELL', 'DATA_COLUMN']));
  for (const code of [...ofFiles, 'USAGE_OPTION', 'IO_ABORTED', 'IO_FORMAT']) expect(told).toContain(code);
});

describe('of a failure of the room itself, an id and nothing else is told', () => {
  test.each([
    ['another error', new Error('/srv/canary')],
    ['no error', 'canary'],
    [
      'a failure of the engine',
      new SealroomError('IO_ENGINE', 'canary', { hint: 'canary', where: { path: 'canary' } }),
    ],
    ['its log', new SealroomError('AUDIT_CHAIN', 'canary', { evidence: ['canary'] })],
    ['its own files', new SealroomError('IO_READ', 'canary')],
    ['among others', joinProblems(new SealroomError('DATA_VALUE', 'a'), [new SealroomError('IO_READ', 'canary')])],
  ])('%s', (_what, cause) => {
    const answer = toProblem(cause, ID);
    expect(answer).toEqual({
      type: 'about:blank',
      title: 'Internal Server Error',
      status: 500,
      code: 'SERVER_INTERNAL',
      detail: `the room failed; its operator finds the reason under ${ID}`,
      requestId: ID,
    });
    expect(describeFailure(cause, ID).code).toBe('SERVER_INTERNAL');
    expect(problemBody.parse(answer)).toEqual(answer);
  });

  test('every kind of secret, envelope, log and room is among them', () => {
    for (const code of ERROR_CODES) {
      if (!/^(SECRET|CUSTODY|ROOM|SCHEMA)_/.test(code)) continue;
      expect(INTERNAL).toContain(code);
    }
    expect(INTERNAL).toEqual(expect.arrayContaining(['IO_READ', 'IO_WRITE', 'IO_ENGINE', 'AUDIT_FORK', 'IO_LOCKED']));
  });
});

test('statuses say what a client may do', () => {
  const statusOf = (code: (typeof ERROR_CODES)[number]): number => toProblem(new SealroomError(code, 'a'), ID).status;
  for (const code of ERROR_CODES) {
    if (code.startsWith('AUTH_') && !['AUTH_DIGEST', 'AUTH_BUSY'].includes(code)) expect(statusOf(code)).toBe(401);
    if (code.startsWith('MANIFEST_')) expect(statusOf(code)).toBeLessThan(423);
  }
  expect(
    ['SERVER_BUSY', 'SERVER_DRAINING', 'SERVER_STANDBY', 'AUTH_BUSY'].map((code) => statusOf(code as never)),
  ).toEqual([503, 503, 503, 503]);
  expect(statusOf('SERVER_RATE')).toBe(429);
  expect(statusOf('SERVER_NOT_FOUND')).toBe(404);
  expect(statusOf('RULE_ROLE')).toBe(403);
});

test('a problem has no more than it may', () => {
  const good = toProblem(new SealroomError('USAGE_BODY', 'a'), ID);
  const wrong = [
    { ...good, evidence: ['a'] },
    { ...good, where: { file: '/a' } },
    { ...good, code: 'USAGE_OTHER' },
    { ...good, status: 200 },
    { ...good, requestId: 'a' },
    { ...good, problems: [{ code: 'USAGE_BODY', detail: 'a' }] },
  ];
  for (const value of wrong) expect(problemBody.safeParse(value).success).toBe(false);
});
