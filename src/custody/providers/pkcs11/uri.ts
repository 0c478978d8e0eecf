import { SealroomError } from '../../../errors/index.ts';

/** What a PKCS#11 URI says of a token: each of them is compared with the token's own. */
export interface TokenFacts {
  readonly token: string | undefined;
  readonly manufacturer: string | undefined;
  readonly serial: string | undefined;
  readonly model: string | undefined;
}

/** A wrapping key in a token, and the module that leads to it. */
export interface Pkcs11Uri extends TokenFacts {
  /** Label of the key. */
  readonly object: string | undefined;
  /** Id of the key, in hexadecimal digits. */
  readonly id: string | undefined;
  /** The module, an absolute path. */
  readonly modulePath: string;
  /** A file with the PIN, an absolute path; without it, the PIN is asked for. */
  readonly pinFile: string | undefined;
}

const TOKEN_ATTRIBUTES = ['token', 'manufacturer', 'serial', 'model'] as const;
const PATH_ATTRIBUTES: readonly string[] = [...TOKEN_ATTRIBUTES, 'object', 'id', 'type'];
const QUERY_ATTRIBUTES: readonly string[] = ['module-path', 'pin-source'];

// RFC 7512 §2.3: what need not be percent-encoded.
const PATH_VALUE = /^(?:[A-Za-z0-9\-._~:[\]@!$'()*+,=&]|%[0-9A-Fa-f]{2})*$/;
const QUERY_VALUE = /^(?:[A-Za-z0-9\-._~:[\]@!$'()*+,=/?|]|%[0-9A-Fa-f]{2})*$/;

const MAX_CHARACTERS = 2048;

const HINT =
  'write `pkcs11:token=<label>;object=<key>?module-path=<the module of its maker>`, if need be with `&pin-source=file:<file>`';

const refuse = (message: string, hint = HINT): SealroomError => new SealroomError('USAGE_OPTION', message, { hint });

/**
 * Reads what follows `pkcs11:` in a key's URI (RFC 7512): `token`, `manufacturer`, `serial` and `model` choose the token,
 * `object` and `id` the key in it; `module-path` is needed, `pin-source` a file.
 *
 * Other attributes of the RFC and those of vendors are refused: one that is passed over could mean another key than the one
 * that was asked for.
 *
 * @throws {SealroomError} USAGE_OPTION if it is not of that form. No value of it is in the message.
 */
export function parsePkcs11Uri(rest: string): Pkcs11Uri {
  if (rest.length > MAX_CHARACTERS) throw refuse('the PKCS#11 URI is too long');
  const queryAt = rest.includes('?') ? rest.indexOf('?') : rest.length;
  const path = attributesOf(rest.slice(0, queryAt), ';', PATH_VALUE);
  const query = attributesOf(rest.slice(queryAt + 1), '&', QUERY_VALUE);
  if (query.has('pin-value')) {
    throw refuse(
      '`pin-value` is not allowed in a PKCS#11 URI: a PIN does not belong on a command line',
      'leave it out to be asked for the PIN, or name a file of mode 0600 with `pin-source=file:<file>`',
    );
  }
  requireKnown(path, PATH_ATTRIBUTES);
  requireKnown(query, QUERY_ATTRIBUTES);
  const text = (name: string): string | undefined => textOf(path.get(name));
  if (!['secret-key', undefined].includes(text('type')))
    throw refuse('`type` in a PKCS#11 URI can only be `secret-key`');
  const [object, id] = [text('object'), idOf(path.get('id'))];
  if (object === undefined && id === undefined) throw refuse('a PKCS#11 URI needs `object` or `id`');
  return Object.freeze({
    token: text('token'),
    manufacturer: text('manufacturer'),
    serial: text('serial'),
    model: text('model'),
    object,
    id,
    modulePath: modulePathOf(textOf(query.get('module-path'))),
    pinFile: pinFileOf(textOf(query.get('pin-source'))),
  });
}

/** The URI of a key, as an envelope has it: nothing in it is secret, and {@link parsePkcs11Uri} takes what follows the scheme. */
export function printPkcs11Uri(uri: Pkcs11Uri): string {
  const path = [...TOKEN_ATTRIBUTES, 'object' as const].flatMap((name) => pair(name, uri[name]));
  if (uri.id !== undefined) path.push(`id=${uri.id.replace(/../g, '%$&')}`);
  const pinSource = uri.pinFile === undefined ? undefined : `file:${uri.pinFile}`;
  const query = [...pair('module-path', uri.modulePath), ...pair('pin-source', pinSource)];
  return `pkcs11:${path.join(';')}?${query.join('&')}`;
}

/** Whether a token may be the one that is meant. */
export function matchesToken(wanted: TokenFacts, found: Readonly<Record<keyof TokenFacts, string>>): boolean {
  return TOKEN_ATTRIBUTES.every((name) => wanted[name] === undefined || wanted[name] === found[name]);
}

function pair(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [`${name}=${encodeURIComponent(value).replaceAll('%2F', '/')}`];
}

/** The attributes as they are written, each once. */
function attributesOf(text: string, separator: string, allowed: RegExp): Map<string, string> {
  const attributes = new Map<string, string>();
  for (const part of text === '' ? [] : text.split(separator)) {
    const [, name, value] = /^([A-Za-z0-9_-]+)=(.*)$/s.exec(part) ?? [];
    if (name === undefined || value === undefined || !allowed.test(value)) {
      throw refuse('a PKCS#11 URI consists of `name=value` pairs');
    }
    if (attributes.has(name)) throw refuse(`\`${name}\` is in the PKCS#11 URI twice`);
    attributes.set(name, value);
  }
  return attributes;
}

function requireKnown(attributes: ReadonlyMap<string, string>, known: readonly string[]): void {
  for (const name of attributes.keys()) {
    if (name === 'module-name') {
      throw refuse(
        'a PKCS#11 URI needs `module-path` in place of `module-name`: modules are not in the same folder everywhere',
      );
    }
    if (!known.includes(name)) {
      throw refuse(
        `unknown attribute in the PKCS#11 URI; this part takes ${known.map((one) => `\`${one}\``).join(', ')}`,
      );
    }
  }
}

function textOf(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  try {
    const text = decodeURIComponent(value);
    if (text !== '' && !text.includes('\0')) return text;
  } catch {
    // Reported below: the escapes are not UTF-8.
  }
  throw refuse('a value in the PKCS#11 URI is empty or not UTF-8');
}

/** An id is bytes and not text. */
function idOf(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const hex = value.replace(/%([0-9A-Fa-f]{2})|(.)/gs, (_, escaped: string | undefined, plain: string | undefined) =>
    escaped === undefined ? Buffer.from(plain ?? '').toString('hex') : escaped.toLowerCase(),
  );
  if (hex !== '') return hex;
  throw refuse('`id` in the PKCS#11 URI is empty');
}

function modulePathOf(path: string | undefined): string {
  if (path?.startsWith('/') === true || /^[A-Za-z]:[\\/]/.test(path ?? '')) return path ?? '';
  throw refuse('a PKCS#11 URI needs `module-path` with an absolute path');
}

function pinFileOf(source: string | undefined): string | undefined {
  if (source === undefined) return undefined;
  const [, path] = /^file:(?:\/\/(?=\/))?(\/.+)$/s.exec(source) ?? [];
  if (path !== undefined) return path;
  throw refuse('`pin-source` in a PKCS#11 URI is `file:` and an absolute path');
}
