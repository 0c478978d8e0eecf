import type { ValueKind } from './kinds.ts';
import type { ReferenceCommand, ReferenceOption } from './reference.ts';

/** What can stand where the cursor is: words with what they mean, or what the shell completes by itself. */
export type Completion =
  | { readonly kind: 'files' | 'directories' }
  | { readonly kind: 'words'; readonly words: readonly (readonly [word: string, describe: string])[] }
  | { readonly kind: 'names'; readonly of: 'members' | 'tables' | 'templates'; readonly prefix: string };

const NOTHING: Completion = { kind: 'words', words: [] };

const EVERYWHERE: readonly ReferenceOption[] = [
  ['--help', 'show help'],
  ['--version', 'show the version'],
].map(([name = '', describe = '']) => ({
  names: [name],
  describe,
  group: 'Other',
  isRequired: false,
  value: null,
  isRepeated: false,
}));

function startingWith(current: string, words: readonly (readonly [string, string])[]): Completion {
  return { kind: 'words', words: words.filter(([word]) => word.startsWith(current)) };
}

/** `prefix` is what stands before the value in the same word: `--kernel=`. */
function completeValue(value: ValueKind, current: string, prefix = ''): Completion {
  switch (value.kind) {
    case 'files':
    case 'directories':
      return { kind: value.kind };
    case 'names':
      return { ...value, prefix };
    case 'values':
      return startingWith(
        prefix + current,
        value.values.map((each) => [prefix + each, '']),
      );
    case 'text':
      return NOTHING;
  }
}

function findOption({ options }: ReferenceCommand, name: string): ReferenceOption | undefined {
  return [...options, ...EVERYWHERE].find(({ names }) => names.includes(name));
}

/** What the words before the cursor have used up. */
interface Given {
  readonly names: ReadonlySet<string>;
  readonly positionals: number;
  /** The option whose value comes next. */
  readonly open: ReferenceOption | null;
  readonly areOptionsOver: boolean;
}

function readWords(command: ReferenceCommand, words: readonly string[]): Given {
  const names = new Set<string>();
  let positionals = 0;
  let open: ReferenceOption | null = null;
  let areOptionsOver = false;
  for (const word of words) {
    if (open !== null) open = null;
    else if (!areOptionsOver && word === '--') areOptionsOver = true;
    else if (!areOptionsOver && word.startsWith('-') && word !== '-') {
      const [name = ''] = word.split('=', 1);
      const option = findOption(command, name);
      for (const each of option?.names ?? []) names.add(each);
      const takesValue = (option?.value ?? null) !== null;
      if (takesValue && !word.includes('=')) open = option ?? null;
    } else positionals += 1;
  }
  return { names, positionals, open, areOptionsOver };
}

function completeOption(command: ReferenceCommand, given: Given, current: string): Completion {
  const [name = ''] = current.split('=', 1);
  if (current.includes('=')) {
    const value = findOption(command, name)?.value ?? null;
    return value === null ? NOTHING : completeValue(value, current.slice(name.length + 1), `${name}=`);
  }
  const left = [...command.options, ...EVERYWHERE].filter(
    ({ names, isRepeated }) => isRepeated || !names.some((each) => given.names.has(each)),
  );
  return startingWith(
    current,
    left.map(({ names: [long = ''], describe }) => [long, describe]),
  );
}

/**
 * Says what can stand where the cursor is.
 *
 * @param root the program, with its commands
 * @param words the words after the program; the last one is the one at the cursor, or empty
 */
export function completeWords(root: ReferenceCommand, words: readonly string[]): Completion {
  const [word = '', ...rest] = words;
  if (root.commands.length > 0) {
    if (rest.length === 0) {
      const commands = root.commands.map(({ path, describe }) => [path.at(-1) ?? '', describe] as const);
      return word.startsWith('-') ? completeOption(root, readWords(root, []), word) : startingWith(word, commands);
    }
    const next = root.commands.find(({ path }) => path.at(-1) === word);
    return next === undefined ? NOTHING : completeWords(next, rest);
  }
  const current = words.at(-1) ?? '';
  const given = readWords(root, words.slice(0, -1));
  if (given.open !== null && given.open.value !== null) return completeValue(given.open.value, current);
  if (!given.areOptionsOver && current.startsWith('-')) return completeOption(root, given, current);
  const last = root.positionals.at(-1);
  const positional = root.positionals[given.positionals] ?? (last?.isRepeated === true ? last : undefined);
  const isText = positional === undefined || positional.value.kind === 'text';
  if (!isText) return completeValue(positional.value, current);
  return current === '' ? completeOption(root, given, current) : NOTHING;
}
