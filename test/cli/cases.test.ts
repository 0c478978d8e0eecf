import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { SECRET, Session } from '../support/cli.ts';

const CASES = fileURLToPath(new URL('../vectors/cases', import.meta.url));
const MAIN = fileURLToPath(new URL('../../dist/bin/sealroom.js', import.meta.url));

/** What `case.json` has: see test/vectors/cases/README.md. */
interface Case {
  readonly command: readonly string[];
  readonly expected: string;
  readonly setup?: string;
  readonly exit: number;
  readonly says?: readonly string[];
  readonly omits?: readonly string[];
  readonly check?: string;
  readonly prints?: string;
}

/** A case that was run, for the `check.ts` in its folder. */
export interface CaseRun {
  /** The copy of its folder, with what the command wrote. */
  readonly directory: string;
  readonly out: string;
  readonly err: string;
}

interface CheckModule {
  readonly check: (run: CaseRun) => Promise<void>;
}

/** The environment of the program and of the scripts, which find it as `sealroom`. */
async function environmentOf(session: Session): Promise<NodeJS.ProcessEnv> {
  const tools = session.path('tools');
  await mkdir(tools);
  const program = join(tools, 'sealroom');
  await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`);
  await chmod(program, 0o755);
  const path = [tools, join(process.execPath, '..'), process.env['PATH']].join(delimiter);
  return { PATH: path, HOME: session.path('home'), C3R_SHARED_SECRET: SECRET };
}

const names = (await readdir(CASES, { withFileTypes: true })).filter((entry) => entry.isDirectory());

test.runIf(process.platform !== 'win32').each(names.map(({ name }) => name))('case %s', async (name) => {
  const found = JSON.parse(await readFile(join(CASES, name, 'case.json'), 'utf8')) as Case;
  await using session = await Session.start();
  const directory = session.path('case');
  await cp(join(CASES, name), directory, { recursive: true });
  for (const own of ['case.json', 'check.ts']) await rm(join(directory, own), { force: true });
  const env = await environmentOf(session);
  const runIn = (file: string, args: readonly string[]): ReturnType<typeof spawnSync> & { stderr: string } =>
    spawnSync(file, args, { cwd: directory, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  if (found.setup !== undefined) expect(runIn('sh', ['-ec', found.setup])).toMatchObject({ status: 0 });
  const before = await readdir(directory);
  const { status, stdout, stderr } = runIn(process.execPath, [MAIN, ...found.command]);
  expect({ status, stderr }).toMatchObject({ status: found.exit });
  for (const text of found.says ?? []) expect(stderr).toMatch(new RegExp(text, 'm'));
  for (const text of found.omits ?? []) expect(stderr).not.toMatch(new RegExp(text, 'm'));
  if (found.exit !== 0) expect(await readdir(directory)).toEqual(before);
  if (found.check !== undefined) {
    // What a script of several commands ends with may be a search that finds nothing.
    expect(runIn('sh', ['-c', found.check]).stdout).toBe(found.prints);
  }
  const own = join(CASES, name, 'check.ts');
  if (existsSync(own)) {
    const { check } = (await import(pathToFileURL(own).href)) as CheckModule;
    await check({ directory, out: String(stdout), err: stderr });
  }
  expect((await readdir(directory)).filter((file) => file.endsWith('.tmp'))).toEqual([]);
});
