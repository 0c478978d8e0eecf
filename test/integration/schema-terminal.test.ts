import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Session } from '../support/cli.ts';

// The editor of schemas at a real terminal. `apt-get install python3` wakes it.
const hasPython = spawnSync('python3', ['--version']).status === 0;

const [UP, DOWN, ENTER, CANCEL] = ['\u001b[A', '\u001b[B', '\r', '\u0003'];

/** Runs `sealroom schema in.csv -i`, and types the keys after each text that they wait for. */
function edit(
  session: Session,
  steps: readonly (readonly [string, string])[],
): { status: number | null; shown: string } {
  const tool = resolve('test/integration/tools/terminal.py');
  const program = [process.execPath, resolve('dist/bin/sealroom.js'), 'schema', 'in.csv', '-i', '--samples'];
  const { status, stdout } = spawnSync('python3', [tool, JSON.stringify(steps), ...program], {
    cwd: session.directory,
    env: { ...process.env, TERM: 'xterm' },
    encoding: 'utf8',
  });
  return { status, shown: stdout };
}

describe.skipIf(!hasPython)('schema -i at a terminal', () => {
  test('edits the proposal with the arrow keys, keeps it when cancelled, and goes on', async () => {
    await using session = await Session.start({ 'in.csv': 'mail,xk7\na@x.de,one two\nb@x.de,three four\n' });
    // The last row is before `quit`: its kind becomes fingerprint. Then Ctrl-C.
    const cancelled = edit(session, [
      ['choose a row', UP + UP + ENTER],
      ['what to change?', UP.repeat(7) + ENTER],
      ['kind?', DOWN + ENTER],
      ['what to change?', CANCEL],
    ]);
    expect(cancelled.status).toBe(1);
    expect(cancelled.shown).toContain('values: `a@x.de`, `b@x.de`');
    expect(await session.names()).toEqual(['in.csv', 'in.csv.json.draft']);
    const saved = edit(session, [
      ['go on with it?', ENTER],
      ['choose a row', ENTER],
    ]);
    expect(saved.status).toBe(0);
    expect(JSON.parse(await session.text('in.csv.json'))).toMatchObject({
      columns: [{}, {}, { sourceHeader: 'xk7', type: 'fingerprint', targetHeader: 'xk7_fingerprint' }],
    });
    expect(await session.names()).toEqual(['in.csv', 'in.csv.json']);
  }, 120_000);
});
