import { isIP, isIPv6, SocketAddress } from 'node:net';
import { quoteForMessage, SealroomError } from '../errors/index.ts';

/** The name of a server: one of DNS, or an address. */
export type HostName =
  | { readonly kind: 'dns'; readonly name: string }
  /** 4 or 16 bytes. */
  | { readonly kind: 'address'; readonly bytes: Uint8Array };

const DNS_NAME = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;

/**
 * Parses the name of a server, as it stands in the address of a room.
 *
 * @throws {SealroomError} USAGE_OPTION if it is neither an address nor a name in lower case.
 */
export function parseHostName(text: string): HostName {
  const given = text.replace(/^\[(.*)\]$/, '$1');
  if (isIP(given) !== 0 && !given.includes('%')) return { kind: 'address', bytes: addressBytes(given) };
  if (DNS_NAME.test(text)) return { kind: 'dns', name: text };
  throw new SealroomError('USAGE_OPTION', `${quoteForMessage(text)} is not the name of a server`, {
    hint: 'such as `room.example` in lower case, or an address such as `10.1.2.3`',
  });
}

function addressBytes(address: string): Uint8Array {
  if (!isIPv6(address)) return Uint8Array.from(address.split('.').map(Number));
  // Written in one way: groups in hexadecimal, with one run of zeros left out.
  const { address: written } = new SocketAddress({ address, family: 'ipv6' });
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(written);
  const [, start = written, ...ends] = dotted ?? [];
  const [a = 0, b = 0, c = 0, d = 0] = ends.map(Number);
  const text = dotted === null ? written : `${start}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  const [head = [], tail] = text.split('::').map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = tail === undefined ? 0 : 8 - head.length - tail.length;
  const groups = [...head, ...Array.from({ length: zeros }, () => '0'), ...(tail ?? [])];
  return Uint8Array.from(
    groups.map((group) => Number.parseInt(group, 16)).flatMap((group) => [group >> 8, group & 0xff]),
  );
}
