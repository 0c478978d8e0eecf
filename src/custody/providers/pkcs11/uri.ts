import { SealroomError } from '../../../errors/index.ts';

/** The token attributes of a PKCS#11 URI; each one given must equal the token's. */
export interface TokenFacts {
  readonly token: string | undefined;
  readonly manufacturer: string | undefined;
  readonly serial: string | undefined;
  readonly model: string | undefined;
}

/** A wrapping key in a token, and the module for the token. */
export interface Pkcs11Uri extends TokenFacts {
  /** Label of the key. */
  readonly object: string | undefined;
  /** Id of the key, in hexadecimal digits. */
  readonly id: string | undefined;
  /** Absolute path of the module. */
  readonly modulePath: string;
  /** Absolute path of a file with the PIN; without it, the user is asked for the PIN. */
  readonly pinFile: string | undefined;
}

const TOKEN_ATTRIBUTES = ['token', 'manufacturer', 'serial', 'model'] as const;
const PATH_ATTRIBUTES: readonly string[] = [...TOKEN_ATTRIBUTES, 'object', 'id', 'type'];
const QUERY_ATTRIBUTES: readonly string[] = ['module-path', 'pin-source'];

// RFC 7512 §2.3: characters that need no percent-encoding.
const PATH_VALUE = /^(?:[A-Za-z0-9\-._~:[\]@!$'()*+,=&]|%[0-9A-Fa-f]{2})*$/;
const QUERY_VALUE = /^(?:[A-Za-z0-9\-._~:[\]@!$'()*+,=/?|]|%[0-9A-Fa-f]{2})*$/;

const MAX_CHARACTERS = 2048;

const HINT =
  'use `pkcs11:token=<label>;object=<key>?module-path=<vendor module>`, optionally with `&pin-source=file:<file>`';

const refuse = (message: string, hint = HINT): SealroomError => new SealroomError('USAGE_OPTION', message, { hint });

/**
 * Parses what follows `pkcs11:` in the URI of a key (RFC 7512): `token`, `manufacturer`, `serial` and `model` select the
 * token, `object` and `id` the key in it; `module-path` is required, and `pin-source` must be a file.
 *
 * Other attributes of the RFC and those of vendors are refused: ignoring one could select another key than was asked for.
 *
 * @throws {SealroomError} USAGE_OPTION if it is malformed. No value of it is in the message.
 */
export function parsePkcs11Uri(rest: string): Pkcs11Uri {
  if (rest.length > MAX_CHARACTERS) throw refuse('the PKCS#11 URI is too long');
  const queryAt = rest.includes('?') ? rest.indexOf('?') : rest.length;
  const path = attributesOf(rest.slice(0, queryAt), ';', PATH_VALUE);
  const query = attributesOf(rest.slice(queryAt + 1), '&', QUERY_VALUE);
  if (query.has('pin-value')) {
    throw refuse(
      'a PKCS#11 URI must not contain `pin-value`: a PIN does not belong on a command line',
      'leave it out to be asked for the PIN, or name a file of mode 0600 with `pin-source=file:<file>`',
    );
  }
  requireKnown(path, PATH_ATTRIBUTES);
  requireKnown(query, QUERY_ATTRIBUTES);
  const text = (name: string): string | undefined => textOf(path.get(name));
  if (!['secret-key', undefined].includes(text('type')))
    throw refuse('the `type` in a PKCS#11 URI must be `secret-key`');
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

/** Formats the URI of a key for an envelope. Nothing in it is secret; {@link parsePkcs11Uri} parses what follows the scheme. */
export function printPkcs11Uri(uri: Pkcs11Uri): string {
  const path = [...TOKEN_ATTRIBUTES, 'object' as const].flatMap((name) => pair(name, uri[name]));
  if (uri.id !== undefined) path.push(`id=${uri.id.replace(/../g, '%$&')}`);
  const pinSource = uri.pinFile === undefined ? undefined : `file:${uri.pinFile}`;
  const query = [...pair('module-path', uri.modulePath), ...pair('pin-source', pinSource)];
  return `pkcs11:${path.join(';')}?${query.join('&')}`;
}

/** The module of a token and the file of its PIN: whose code runs, and what it is given. @throws {SealroomError} USAGE_OPTION */
export function pkcs11Route(rest: string): readonly string[] {
  const { modulePath, pinFile } = parsePkcs11Uri(rest);
  return [`module-path=${modulePath}`, ...(pinFile === undefined ? [] : [`pin-source=file:${pinFile}`])];
}

/** Whether a token matches the attributes of a URI. */
export function matchesToken(wanted: TokenFacts, found: Readonly<Record<keyof TokenFacts, string>>): boolean {
  return TOKEN_ATTRIBUTES.every((name) => wanted[name] === undefined || wanted[name] === found[name]);
}

function pair(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [`${name}=${encodeURIComponent(value).replaceAll('%2F', '/')}`];
}

/** Splits attributes, without decoding their values; each may occur once. */
function attributesOf(text: string, separator: string, allowed: RegExp): Map<string, string> {
  const attributes = new Map<string, string>();
  for (const part of text === '' ? [] : text.split(separator)) {
    const [, name, value] = /^([A-Za-z0-9_-]+)=(.*)$/s.exec(part) ?? [];
    if (name === undefined || value === undefined || !allowed.test(value)) {
      throw refuse('a PKCS#11 URI must consist of `name=value` pairs');
    }
    if (attributes.has(name)) throw refuse(`\`${name}\` occurs twice in the PKCS#11 URI`);
    attributes.set(name, value);
  }
  return attributes;
}

function requireKnown(attributes: ReadonlyMap<string, string>, known: readonly string[]): void {
  for (const name of attributes.keys()) {
    if (name === 'module-name') {
      throw refuse(
        'a PKCS#11 URI needs `module-path` instead of `module-name`: modules are not in the same place everywhere',
      );
    }
    if (!known.includes(name)) {
      throw refuse(
        `unknown attribute in this part of the PKCS#11 URI: use ${known.map((one) => `\`${one}\``).join(', ')}`,
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
  throw refuse('a value in the PKCS#11 URI is empty or not UTF-8 text');
}

/** Decodes an id, which is bytes and not text, to hexadecimal digits. */
function idOf(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const hex = value.replace(/%([0-9A-Fa-f]{2})|(.)/gs, (_, escaped: string | undefined, plain: string | undefined) =>
    escaped === undefined ? Buffer.from(plain ?? '').toString('hex') : escaped.toLowerCase(),
  );
  if (hex !== '') return hex;
  throw refuse('the `id` in a PKCS#11 URI must have at least one byte');
}

function modulePathOf(path: string | undefined): string {
  if (path?.startsWith('/') === true || /^[A-Za-z]:[\\/]/.test(path ?? '')) return path ?? '';
  throw refuse('a PKCS#11 URI needs `module-path` with an absolute path');
}

function pinFileOf(source: string | undefined): string | undefined {
  if (source === undefined) return undefined;
  const [, path] = /^file:(?:\/\/(?=\/))?(\/.+)$/s.exec(source) ?? [];
  if (path !== undefined) return path;
  throw refuse('the `pin-source` in a PKCS#11 URI must be `file:` and an absolute path');
}
