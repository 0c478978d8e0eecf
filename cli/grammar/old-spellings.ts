/** Options of earlier releases, and how they are written now. */
type Renamed = Readonly<Record<string, string>>;

const SIGNING: Renamed = { '--key': '--signing-key', '-k': '--signing-key', '-t': '--template' };
const TRUST: Renamed = { '--keys': '--trust', '-k': '--trust' };
const OVERWRITE: Renamed = { '-f': '--overwrite' };

/** By command: its options of earlier releases, and how they are written now. */
export const RENAMED: Readonly<Record<string, Renamed>> = {
  decrypt: { ...TRUST, '-i': '--identity' },
  'collab init': { ...OVERWRITE, '-m': '--members' },
  'collab import-clean-rooms': OVERWRITE,
  'collab sign': SIGNING,
  'collab withdraw': SIGNING,
  'room init': { '-m': '--manifest' },
  'key request': OVERWRITE,
  'key send': OVERWRITE,
  'audit verify': TRUST,
  'audit export': TRUST,
  'audit checkpoint': TRUST,
  'audit prove': TRUST,
};

/** Arguments with every old spelling replaced, and the spellings that were. */
export interface Respelled {
  readonly argv: readonly string[];
  /** Each once: the old one and the new one. */
  readonly renamed: ReadonlyMap<string, string>;
}

/** Writes options of earlier releases as they are written now, up to `--`. */
export function respell(path: readonly string[], argv: readonly string[]): Respelled {
  const renamed = new Map<string, string>();
  const table = RENAMED[path.join(' ')] ?? {};
  const end = argv.indexOf('--');
  const changed = argv.map((argument, index) => {
    if (end >= 0 && index >= end) return argument;
    const [name = ''] = argument.split('=', 1);
    const now = Object.hasOwn(table, name) ? table[name] : undefined;
    if (now === undefined) return argument;
    renamed.set(name, now);
    return now + argument.slice(name.length);
  });
  return { argv: changed, renamed };
}
