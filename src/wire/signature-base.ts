import { serializeInnerList } from 'structured-headers';
import { encodeUtf8 } from '../bytes/index.ts';

/** A part of a request that a signature covers: a derived component such as `@method`, or a header in lower case. */
export interface Component {
  readonly name: string;
  /** Printable ASCII. */
  readonly value: string;
}

/** Prints the names of covered components and the parameters of their signature as an inner list (RFC 9421 §2.3). */
export function printSignatureParams(
  names: readonly string[],
  parameters: Iterable<readonly [name: string, value: string | number]>,
): string {
  return serializeInnerList([names.map((name) => [name, new Map<string, string>()]), new Map(parameters)]);
}

/**
 * What is signed (RFC 9421 §2.5): a line for each component, in their order, and one for the names and parameters. No line feed at
 * the end.
 *
 * @param signatureParams as {@link printSignatureParams} prints it
 */
export function encodeSignatureBase(components: readonly Component[], signatureParams: string): Uint8Array {
  const lines = components.map(({ name, value }) => `"${name}": ${value}`);
  return encodeUtf8([...lines, `"@signature-params": ${signatureParams}`].join('\n'));
}
