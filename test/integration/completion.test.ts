import { spawnSync } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

// What the shells themselves make of the scripts. A shell that is not installed is left out: `apt-get install zsh fish` wakes its tests.
const has = (shell: string): boolean => spawnSync(shell, ['--version']).status === 0;

let bin: string;

beforeAll(async () => {
  bin = await mkdtemp(join(tmpdir(), 'sealroom-shell-'));
  const program = join(bin, 'sealroom');
  await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${resolve('dist/bin/sealroom.js')}' "$@"\n`);
  await chmod(program, 0o755);
});

afterAll(() => rm(bin, { recursive: true, force: true }));

function run(shell: string, args: readonly string[]): string {
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}`, TERM: 'dumb' };
  return spawnSync(shell, args, { env, encoding: 'utf8', timeout: 60_000 }).stdout;
}

/** A line with the cursor at its end, and the only word that is offered there. */
const LINES = [
  ['sealroom encr', 'encrypt'],
  ['sealroom collab si', 'sign'],
  ['sealroom encrypt a.csv --sche', '--schema'],
  ['sealroom encrypt --kernel w', 'wasm'],
  ['sealroom encrypt READ', 'README.md'],
  ['sealroom encrypt a.csv --schema READ', 'README.md'],
  ['sealroom completion fi', 'fish'],
] as const;

test.skipIf(!has('bash')).each([...LINES, ['sealroom encrypt --schema=READ', 'README.md'] as const])(
  'bash: %s',
  (line, word) => {
    const script = `compopt() { :; }; source <(sealroom completion bash)
      COMP_LINE="$1"; COMP_POINT=\${#COMP_LINE}; _sealroom; printf '%s\\n' "\${COMPREPLY[@]}"`;
    expect(run('bash', ['-c', script, 'bash', line])).toBe(`${word}\n`);
  },
);

test.skipIf(!has('fish')).each([...LINES, ['sealroom encrypt --schema=READ', '--schema=README.md'] as const])(
  'fish: %s',
  (line, word) => {
    const offered = run('fish', ['-N', '-c', 'sealroom completion fish | source; complete -C $argv[1]', line]);
    expect(offered.split('\n')[0]?.split('\t')[0]).toBe(word);
  },
);

test.skipIf(!has('zsh')).each([...LINES, ['sealroom encrypt --schema=READ', '--schema=README.md'] as const])(
  'zsh: %s',
  (line, word) => {
    const script = `zmodload zsh/zpty; zpty -b z zsh -f -i
      zpty -w z 'PROMPT=; autoload -U compinit; compinit -u -D; source <(sealroom completion zsh); print RE""ADY'
      while zpty -r z out; do [[ $out == *READY* ]] && break; done
      zpty -w -n z "$1"$'\\t'
      while zpty -r z out '*'"$2"'*'; do print -r -- "$out"; break; done`;
    expect(run('zsh', ['-f', '-c', script, 'zsh', line, word])).toContain(word);
  },
);

test.skipIf(!has('man'))('man: the page has no warnings', () => {
  const { status, stderr } = spawnSync('man', ['--warnings', '-E', 'UTF-8', '-l', '-Tutf8', '-Z', 'man/sealroom.1'], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
  });
  expect([status, stderr]).toEqual([0, '']);
});
