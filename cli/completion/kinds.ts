/** What a value is, so that it can be completed. */
export type ValueKind =
  | { readonly kind: 'files' }
  | { readonly kind: 'directories' }
  | { readonly kind: 'values'; readonly values: readonly string[] }
  /** Names that the manifest on the command line has. */
  | { readonly kind: 'names'; readonly of: 'members' | 'tables' | 'templates' }
  | { readonly kind: 'text' };

const FILES: ValueKind = { kind: 'files' };
const DIRECTORIES: ValueKind = { kind: 'directories' };
const MEMBERS: ValueKind = { kind: 'names', of: 'members' };
const TABLES: ValueKind = { kind: 'names', of: 'tables' };
const TEMPLATES: ValueKind = { kind: 'names', of: 'templates' };
const FORMATS: ValueKind = { kind: 'values', values: ['csv', 'parquet', 'arrow'] };
/** A scheme ends with the character after which its path begins. */
const KEYS: ValueKind = { kind: 'values', values: ['keystore:', 'age:', 'aws-kms:', 'pkcs11:', 'env:', 'file:'] };

/** Names that mean the same in every command. */
const BY_NAME: Readonly<Record<string, ValueKind>> = {
  input: FILES,
  output: FILES,
  schema: FILES,
  'schema-output': FILES,
  settings: FILES,
  manifest: FILES,
  file: FILES,
  files: FILES,
  'signing-key': FILES,
  identity: FILES,
  trust: FILES,
  ca: FILES,
  config: FILES,
  'tls-key': FILES,
  'tls-cert': FILES,
  seen: FILES,
  original: FILES,
  request: FILES,
  package: FILES,
  envelope: FILES,
  parcel: FILES,
  card: FILES,
  before: FILES,
  after: FILES,
  data: FILES,
  home: DIRECTORIES,
  room: DIRECTORIES,
  tables: DIRECTORIES,
  'temp-dir': DIRECTORIES,
  directory: DIRECTORIES,
  log: DIRECTORIES,
  key: KEYS,
  'file-format': FORMATS,
  'output-format': FORMATS,
  as: MEMBERS,
  for: MEMBERS,
  removed: MEMBERS,
  table: TABLES,
  template: TEMPLATES,
  delimiter: { kind: 'values', values: [',', ';', '|', 'tab'] },
  encoding: { kind: 'values', values: ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252'] },
};

/** Names that mean something else in one command. */
const BY_COMMAND: Readonly<Record<string, Readonly<Record<string, ValueKind>>>> = {
  'key request': { from: FILES },
  'key send': { to: FILES },
  'key wrap': { to: KEYS },
  'key rotate': { to: KEYS },
  'member init': { name: { kind: 'text' } },
};

/** What the value of an option or a positional argument is. */
export function kindOf(command: string, name: string, choices: readonly string[]): ValueKind {
  if (choices.length > 0) return { kind: 'values', values: choices };
  return BY_COMMAND[command]?.[name] ?? BY_NAME[name] ?? { kind: 'text' };
}
