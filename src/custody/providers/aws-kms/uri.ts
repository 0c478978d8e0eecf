import { SealroomError } from '../../../errors/index.ts';

/** A key of AWS KMS, and how to reach it; what is left out comes from the AWS SDK's usual files and environment variables. */
export interface KmsUri {
  /** Key id, key ARN, `alias/…` or the ARN of an alias. */
  readonly keyId: string;
  readonly region: string | undefined;
  /** A named profile of the AWS configuration files. */
  readonly profile: string | undefined;
  /** Another address than AWS's own, for private endpoints and tests. */
  readonly endpoint: string | undefined;
}

const ID = String.raw`(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})`;
const ALIAS = String.raw`alias/[A-Za-z0-9/_-]{1,250}`;
const ARN = new RegExp(String.raw`^arn:aws[a-z-]{0,20}:kms:([a-z0-9-]{1,32}):\d{12}:(?:key/(${ID})|${ALIAS})$`);
const SHORT = new RegExp(`^(?:(${ID})|${ALIAS})$`);

const PARAMETERS = ['region', 'profile', 'endpoint'];

const refuse = (problem: string): SealroomError =>
  new SealroomError('USAGE_OPTION', `the URI of a key in AWS KMS ${problem}`, {
    hint: 'write `aws-kms:<key id, alias/name or ARN>`, if need be with `?region=…&profile=…&endpoint=https://…`',
  });

/**
 * Reads what follows `aws-kms:` in a key's URI. Without a region, that of an ARN is taken.
 *
 * An endpoint has `https`, or is of this machine: what it answers is a key.
 *
 * @throws {SealroomError} USAGE_OPTION if it is not of that form. The text is not in the message.
 */
export function parseKmsUri(rest: string): KmsUri {
  const [keyId = '', query = '', ...more] = rest.split('?');
  const arnRegion = ARN.exec(keyId)?.[1];
  if (arnRegion === undefined && !SHORT.test(keyId)) throw refuse('does not begin with a key id, an alias or an ARN');
  const parameters = new URLSearchParams(query);
  const names = [...parameters.keys()];
  if (more.length > 0 || new Set(names).size < names.length || !names.every((name) => PARAMETERS.includes(name))) {
    throw refuse('takes `region`, `profile` and `endpoint`, each once');
  }
  if ([...parameters.values()].some((value) => !/^[\x20-\x7e]{1,512}$/.test(value)))
    throw refuse('has a value that is empty, too long or not printable');
  const [region, profile, endpoint] = PARAMETERS.map((name) => parameters.get(name) ?? undefined);
  if (endpoint !== undefined && !isSafeEndpoint(endpoint))
    throw refuse('needs an `https` endpoint without a user name');
  return Object.freeze({ keyId, region: region ?? arnRegion, profile, endpoint });
}

/** The URI of a key, as an envelope has it: nothing in it is secret, and {@link parseKmsUri} takes what follows the scheme. */
export function printKmsUri({ keyId, region, profile, endpoint }: KmsUri): string {
  const given = { region: ARN.exec(keyId)?.[1] === region ? undefined : region, profile, endpoint };
  const parameters = Object.entries(given).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return `aws-kms:${keyId}${parameters.length === 0 ? '' : `?${parameters.join('&')}`}`;
}

/** Whether a text is the ARN of a key, which, unlike an alias, is always of the same one. */
export function isKeyArn(text: string): boolean {
  return ARN.exec(text)?.[2] !== undefined;
}

/** Whether two names are of different keys for sure. An alias may be any key's. */
export function areDifferentKeys(one: string, other: string): boolean {
  const ids = [one, other].map((text) => ARN.exec(text)?.[2] ?? SHORT.exec(text)?.[1]);
  if (ids.includes(undefined)) return false;
  return ids[0] !== ids[1] || (isKeyArn(one) && isKeyArn(other) && one !== other);
}

function isSafeEndpoint(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  const isHere = hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
  return (protocol === 'https:' || (protocol === 'http:' && isHere)) && username === '' && password === '';
}
