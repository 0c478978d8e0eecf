/** Under which title help lists an option. */
export type GroupName = keyof typeof GROUPS;

/**
 * The groups of options, in the order of help. An option has the same group in every command, but one that a command cannot do without
 * is in `Required` there.
 */
export const GROUPS = {
  Required: [],
  Common: [
    'id',
    'manifest',
    'unsigned',
    'schema',
    'template',
    'interactive',
    'suggest',
    'samples',
    'country',
    'examples',
    'as',
    'file',
    'for',
    'param',
    'room',
    'name',
    'members',
    'display-name',
    'ability',
    'owner',
    'data',
    'rule',
    'min',
    'join',
    'dimension',
    'measure',
    'foreign-measures',
    'list',
    'from',
    'to',
    'request',
    'record',
    'seen',
    'generation',
    'days',
    'original',
    'tables',
    'removed',
    'again',
    'expect',
    'replace',
    'classic',
    'manifest-keys',
    'import',
    'check',
    'yes',
    'membership',
    'bucket',
    'prefix',
    'fail-on-fingerprint-columns',
  ],
  Input: ['file-format', 'delimiter', 'encoding', 'csv-input-null-value', 'no-headers', 'parquet-binary-as-string'],
  Output: [
    'output',
    'output-format',
    'rows-per-file',
    'schema-output',
    'overwrite',
    'dry-run',
    'csv-output-null-value',
    'package',
    'target',
    'sign',
    'table',
    'json',
  ],
  Keys: ['key', 'home', 'signing-key', 'identity', 'trust', 'secret-id', 'passphrase-fd', 'weak-passphrase', 'fips'],
  Settings: [
    'settings',
    'allow-cleartext',
    'allow-duplicates',
    'allow-joins-on-columns-with-different-names',
    'preserve-nulls',
  ],
  AWS: ['from-clean-rooms', 'profile', 'region'],
  Advanced: [
    'kernel',
    'threads',
    'temp-dir',
    'timeout',
    'memory',
    'clock-jump',
    'allow-mixed-columns',
    'lenient-cells',
    'debug',
  ],
} as const;

const GROUP_OF: ReadonlyMap<string, GroupName> = new Map(
  Object.entries(GROUPS).flatMap(([group, names]) => names.map((name) => [name, group as GroupName] as const)),
);

/** The group of an option; `null` if the table above lacks it, which no command of a release does. */
export function groupOf(name: string, isRequired: boolean): GroupName | null {
  return isRequired ? 'Required' : (GROUP_OF.get(name) ?? null);
}
