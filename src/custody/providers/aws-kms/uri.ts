import { SealroomError } from '../../../errors/index.ts';

/** A key in AWS KMS, and how to reach it; the rest comes from the AWS SDK's usual files and environment variables. */
export interface KmsUri {
  /** Key id, key ARN, `alias/…` or the ARN of an alias. */
  readonly keyId: string;
  readonly region: string | undefined;
  /** A named profile of the AWS configuration files. */
  readonly profile: string | undefined;
  /** An address instead of AWS's own, for private endpoints and tests. */
  readonly endpoint: string | undefined;
}

const ID = String.raw`(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})`;
const ALIAS = String.raw`alias/[A-Za-z0-9/_-]{1,250}`;
const ARN = new RegExp(String.raw`^arn:aws[a-z-]{0,20}:kms:([a-z0-9-]{1,32}):\d{12}:(?:key/(${ID})|${ALIAS})$`);
const SHORT = new RegExp(`^(?:(${ID})|${ALIAS})$`);

const PARAMETERS = ['region', 'profile', 'endpoint'];

const refuse = (problem: string): SealroomError =>
  new SealroomError('USAGE_OPTION', `the URI of a key in AWS KMS ${problem}`, {
    hint: 'write `aws-kms:<key id, alias/name or ARN>`, optionally with `?region=…&profile=…&endpoint=https://…`',
  });

/**
 * Parses the part after `aws-kms:` in a key's URI. Without a region, it takes the one in an ARN.
 *
 * An endpoint needs `https`, or must be on this machine, because its answer contains a key.
 *
 * @throws {SealroomError} USAGE_OPTION if it is malformed. The text is not in the message.
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
  // The region is a part of the host's name: a dot or a slash in it would lead to another host.
  if (region !== undefined && !/^[a-z0-9-]{1,32}$/.test(region)) throw refuse('needs a region such as `eu-west-1`');
  if (endpoint !== undefined && !isSafeEndpoint(endpoint))
    throw refuse('needs an `https` endpoint without a user name');
  return Object.freeze({ keyId, region: region ?? arnRegion, profile, endpoint });
}

/** Formats the URI of a key for an envelope. Nothing in it is secret; {@link parseKmsUri} parses the part after the scheme. */
export function printKmsUri({ keyId, region, profile, endpoint }: KmsUri): string {
  const given = { region: ARN.exec(keyId)?.[1] === region ? undefined : region, profile, endpoint };
  const parameters = Object.entries(given).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return `aws-kms:${keyId}${parameters.length === 0 ? '' : `?${parameters.join('&')}`}`;
}

/** The endpoint and the profile of a key: who is asked, and with whose credentials. @throws {SealroomError} USAGE_OPTION */
export function kmsRoute(rest: string): readonly string[] {
  const { profile, endpoint } = parseKmsUri(rest);
  return Object.entries({ profile, endpoint }).flatMap(([name, value]) =>
    value === undefined ? [] : `${name}=${value}`,
  );
}

/** Whether a text is the ARN of a key, which, unlike an alias, always names the same key. */
export function isKeyArn(text: string): boolean {
  return ARN.exec(text)?.[2] !== undefined;
}

/** Whether two names certainly belong to different keys. An alias may belong to any key. */
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
