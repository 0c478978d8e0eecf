import canonicalize from 'canonicalize';
import { didYouMean, isList, isRecord, quoteForMessage, SealroomError } from '../errors/index.ts';
import { sha256Hex } from '../platform/index.ts';
import { type Carried, readCarried } from './carried.ts';
import { Cursor, present } from './cursor.ts';
import { type DocumentValue, readDocument } from './document.ts';
import { HASH_TEXT } from './hash-text.ts';
import { LABEL } from './label.ts';
import { type NormalisationPin, readPin, requirePin } from './normalisation.ts';
import { type Member, readMembers } from './member.ts';
import { ManifestProblems } from './problems.ts';
import { type CollaborationSettings, HIGH_ASSURANCE, SETTING_NAMES } from './settings.ts';
import { type Dialect, readDialect } from './dialect.ts';
import type { MemberSignature } from './signature.ts';
import { type ManifestTable, readTable } from './table.ts';
import { type AnalysisTemplate, listWithdrawals, readSignatures, readTemplates, readWithdrawals } from './template.ts';
import type { Withdrawal } from './withdrawal.ts';

/** What the audit log keeps of each query. */
export interface LogSettings {
  /** Whether the owners of the tables see the text of a query, or only its hash. */
  readonly queryText: 'owners' | 'hash';
}

const DIALECTS: Readonly<Record<Dialect, string>> = { spark: 'Spark SQL', duckdb: "DuckDB's SQL" };

/** The SQL that members write, in words. */
export function describeDialect(dialect: Dialect): string {
  return DIALECTS[dialect];
}

/**
 * What the members of a collaboration agreed on, validated and deeply frozen. Only {@link parseManifest} makes one.
 *
 * Its signatures are not verified; `verifyManifest` says which hold.
 */
export interface Manifest {
  readonly version: 1;
  /** UUID in lower case; also the salt of the keys. */
  readonly id: string;
  readonly name: string;
  readonly settings: CollaborationSettings;
  /** The SQL of queries and templates; `spark` if the manifest does not say. */
  readonly dialect: Dialect;
  /** The full id of the shared secret, 64 hexadecimal digits, by its generation; `null` if the manifest names no secret. */
  readonly secretIds: Readonly<Record<string, string>> | null;
  /** By which facts values are normalised; `null` if no column is. */
  readonly normalisation: NormalisationPin | null;
  readonly members: readonly Member[];
  readonly tables: readonly ManifestTable[];
  readonly templates: readonly AnalysisTemplate[];
  readonly log: LogSettings;
  /** Whether a table counts only with the signature of a member over its rows; `optional` if the manifest does not say. */
  readonly signedTables: 'required' | 'optional';
  readonly signatures: readonly MemberSignature[];
  /** The withdrawals of approvals in the manifest, including those that do not hold; `verifyManifest` says which hold. */
  readonly withdrawals: readonly MemberSignature[];
  /** Cards, requests and parcels that travel in the file. */
  readonly exchange: Carried;
  /** Hash of the canonical form without signatures, approvals, withdrawals and `exchange`; 64 hexadecimal digits. */
  readonly sha256: string;
}

const KEYS = [
  'version',
  'id',
  'name',
  'settings',
  'dialect',
  'secretIds',
  'normalisation',
  'members',
  'tables',
  'templates',
  'log',
  'x-principals',
  'x-signedTables',
  'signatures',
  'withdrawals',
  'exchange',
];

const COLLABORATION_ID = {
  pattern: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
  words: 'a UUID of 36 characters in lower case',
};

const AWS_PRINCIPAL = /^(\d{12}|arn:aws[a-z-]*:cleanrooms:\S+)$/;

/** The beginnings of private keys, which may be pasted by mistake where the public half belongs. */
const PRIVATE_KEY = /AGE-SECRET-KEY-|-----BEGIN [A-Z ]*PRIVATE KEY|PRIVATE\+KEY\+/;

function readSettings(cursor: Cursor): CollaborationSettings | null {
  if (!cursor.object(SETTING_NAMES)) return null;
  const flags = SETTING_NAMES.map((name) => [name, cursor.at(name).flag()] as const);
  if (flags.some(([, flag]) => flag === null)) return null;
  return Object.freeze({ ...HIGH_ASSURANCE, ...Object.fromEntries(flags) });
}

function readLog(cursor: Cursor): LogSettings {
  const queryText = cursor.at('queryText');
  const chain = cursor.at('chain');
  if (cursor.isGiven) cursor.object(['queryText', 'chain']);
  if (chain.isGiven && chain.flag() === false) chain.refuse('must be true: the audit log is always a chain');
  return Object.freeze({ queryText: queryText.isGiven ? (queryText.oneOf(['owners', 'hash']) ?? 'hash') : 'owners' });
}

const GENERATION = /^[1-9]\d{0,5}$/;

function readSecretIds(cursor: Cursor): Manifest['secretIds'] {
  if (!cursor.isGiven || !cursor.object(cursor.keys)) return null;
  if (cursor.keys.length === 0) return cursor.refuse('expected the secret of at least one generation, got none');
  const ids = new Map<string, string>();
  const seen = new Set<string>();
  for (const generation of cursor.keys) {
    const item = cursor.at(generation);
    if (!GENERATION.test(generation)) item.refuse('the key must be a generation: a whole number from 1 to 999,999');
    const id = item.text(HASH_TEXT);
    if (id === null) continue;
    if (seen.has(id)) item.refuse('another generation already has this secret');
    seen.add(id);
    ids.set(generation, id);
  }
  return Object.freeze(Object.fromEntries(ids));
}

function readSignedTables(cursor: Cursor): Manifest['signedTables'] {
  return (cursor.isGiven ? cursor.oneOf(['required', 'optional']) : null) ?? 'optional';
}

/** Reads what account ids and ARNs stand for: ids of members and templates. */
function readPrincipals(cursor: Cursor, known: readonly string[]): ReadonlyMap<string, string> {
  const principals = new Map<string, string>();
  if (!cursor.isGiven || !cursor.object(cursor.keys)) return principals;
  for (const key of cursor.keys) {
    const item = cursor.at(key);
    if (!AWS_PRINCIPAL.test(key)) item.refuse('the key must be an account id of 12 digits or an ARN');
    const id = item.oneOf(known);
    if (id !== null) principals.set(key, id);
  }
  return principals;
}

/** Reads a name that may be an account id or an ARN as one of `ids`. */
function readPrincipal(
  item: Cursor,
  what: string,
  ids: readonly string[],
  principals: ReadonlyMap<string, string>,
): string | null {
  const name = item.text({ pattern: /./s, words: `the id of a ${what}` });
  if (name === null) return null;
  const id = principals.get(name) ?? name;
  if (ids.includes(id)) return id;
  const hint = AWS_PRINCIPAL.test(name) ? 'say what it stands for in `x-principals`' : didYouMean(name, ids);
  return item.refuse(`${quoteForMessage(name)} is not the id of a ${what}`, hint);
}

function readTables(cursor: Cursor, context: Parameters<typeof readTable>[1]): readonly ManifestTable[] {
  /** Names by what they are without case. */
  const seen = new Map<string, string>();
  const tables = cursor.items().map((item) => {
    const table = readTable(item, context);
    if (table === null) return null;
    const other = seen.get(table.name.toLowerCase());
    seen.set(table.name.toLowerCase(), table.name);
    if (other === undefined) return table;
    const mistake = other === table.name ? 'is used twice' : `differs from \`${other}\` only in upper and lower case`;
    //= rules R-5
    return item.at('name').refuse(`the name \`${table.name}\` ${mistake}`);
  });
  return Object.freeze(present(tables));
}

/** The content that is hashed and signed: everything except signatures, approvals, their withdrawals, and what the file carries. */
function contentOf(value: DocumentValue): DocumentValue {
  if (!isRecord(value)) return value;
  const templates = value['templates'];
  const bare = isList(templates)
    ? { templates: templates.map((each) => (isRecord(each) ? omit(each, 'approvals') : each)) }
    : {};
  const content = ['signatures', 'withdrawals', 'exchange'].reduce(omit, value);
  return { ...content, ...bare };
}

function omit(value: Readonly<Record<string, DocumentValue>>, key: string): Readonly<Record<string, DocumentValue>> {
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
}

function readManifest(root: Cursor, content: DocumentValue, known: readonly Withdrawal[]): Manifest {
  root.object(KEYS);
  root.at('version').whole(1, 1);
  const id = root.at('id').text(COLLABORATION_ID) ?? '';
  const settings = readSettings(root.at('settings'));
  const exchange = readCarried(root.at('exchange'));
  const members = readMembers(root.at('members'), exchange);
  const withdrawals = readWithdrawals(root.at('withdrawals'), members);
  const dialect = readDialect(root.at('dialect'));
  const templates = readTemplates(root.at('templates'), {
    collaborationId: id,
    dialect,
    members,
    withdrawals: [...known, ...listWithdrawals(withdrawals, members)],
  });
  const memberIds = members.map((member) => member.id);
  const templateIds = templates.map((template) => template.id);
  const principals = readPrincipals(root.at('x-principals'), [...memberIds, ...templateIds]);
  const tables = readTables(root.at('tables'), {
    members,
    allowCleartext: settings?.allowCleartext ?? true,
    readMember: (item) => readPrincipal(item, 'member', memberIds, principals),
    readTemplate: (item) => readPrincipal(item, 'template', templateIds, principals),
  });
  const normalisation = readPin(root.at('normalisation'));
  const columns = tables.flatMap((table) => table.columns);
  requirePin(root.at('normalisation'), normalisation, columns);
  return Object.freeze({
    version: 1,
    id,
    name: root.at('name').text(LABEL) ?? '',
    settings: settings ?? HIGH_ASSURANCE,
    dialect,
    secretIds: readSecretIds(root.at('secretIds')),
    normalisation,
    members,
    tables,
    templates,
    log: readLog(root.at('log')),
    signedTables: readSignedTables(root.at('x-signedTables')),
    signatures: readSignatures(root.at('signatures'), members),
    withdrawals,
    exchange,
    sha256: sha256Hex(canonicalize(content) ?? ''),
  });
}

/** Runs before everything else, since other messages may quote what they find. */
function refusePrivateKeys(text: string, file: string | undefined): void {
  const found = PRIVATE_KEY.exec(text);
  if (found === null) return;
  const line = text.slice(0, found.index).split('\n').length;
  throw new SealroomError('MANIFEST_INVALID', 'the manifest contains a private key', {
    hint: 'remove it, and make a new key if others have seen this file',
    where: { file, line },
  });
}

/** The options of {@link parseManifest}. */
export interface ParseManifestOptions {
  /** What errors call the manifest. */
  readonly file?: string | undefined;
  /** Verified withdrawals that were seen before, which an older copy of the manifest may not have. */
  readonly withdrawals?: readonly Withdrawal[] | undefined;
}

/**
 * Reads a manifest from YAML or JSON and validates all of it. `verifyManifest` says whether members have signed it.
 *
 * @throws {SealroomError} MANIFEST_SYNTAX if the text is not YAML or JSON that means what it shows; MANIFEST_INVALID if a rule is
 *   broken; MANIFEST_UNSUPPORTED if it asks for something that this release does not support. One error covers all problems, and
 *   `listProblems` returns them one by one, each with line, character and path.
 *
 * @example
 * ```ts
 * import { readFile } from 'node:fs/promises';
 * import { parseManifest, settingsOf, verifyManifest } from 'sealroom/collab';
 *
 * const manifest = parseManifest(await readFile('samples/room/manifest.json', 'utf8'), { file: 'manifest.json' });
 * console.log(manifest.tables.map(({ name }) => name).join(', ')); // impressions, purchases, readers
 * console.log(settingsOf(manifest).settings.allowCleartext); // true
 * console.log(verifyManifest(manifest).map(({ member, state }) => `${member}: ${state}`).join(', ')); // shoes: no-key, paper: no-key
 * ```
 */
export function parseManifest(text: string, { file, withdrawals = [] }: ParseManifestOptions = {}): Manifest {
  refusePrivateKeys(text, file);
  const document = readDocument(text, file);
  const problems = new ManifestProblems(document.locate);
  const root = new Cursor(document.value, [], problems);
  const manifest = readManifest(root, contentOf(document.value), withdrawals);
  problems.throwIfAny(file);
  return manifest;
}

/** What a member needs to encrypt a table for a collaboration. */
export interface EncryptionTerms {
  readonly collaborationId: string;
  readonly settings: CollaborationSettings;
}

/** The collaboration id and the settings of a manifest, for `encryptTable`. */
export function settingsOf({ id, settings }: Manifest): EncryptionTerms {
  return Object.freeze({ collaborationId: id, settings });
}
