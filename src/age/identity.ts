import { generateHybridIdentity, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { SealroomError } from '../errors/index.ts';
import type { AgeKind } from './recipient.ts';

const IDENTITY = /^AGE-SECRET-KEY-(PQ-)?1[0-9A-Z]{40,4000}$/;

/**
 * Parses an age identity file, as `age-keygen` writes it: one identity per line; blank lines and lines that begin with `#` are
 * ignored.
 *
 * @throws {SealroomError} SECRET_INVALID if a line is something else, or there is no identity. The message never quotes the text.
 */
export async function parseIdentities(
  text: string,
  { file }: { readonly file?: string | undefined } = {},
): Promise<readonly [string, ...string[]]> {
  const identities: string[] = [];
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const isValid =
      IDENTITY.test(line) &&
      (await identityToRecipient(line).then(
        () => true,
        () => false,
      ));
    if (!isValid) {
      throw new SealroomError('SECRET_INVALID', 'not an age identity, which begins with `AGE-SECRET-KEY-`', {
        where: { file, line: index + 1 },
        hint: 'make one with `age-keygen`; files with a passphrase are not supported',
      });
    }
    identities.push(line);
  }
  const [first, ...others] = identities;
  if (first !== undefined) return [first, ...others];
  throw new SealroomError('SECRET_INVALID', 'the file has no age identity', { where: { file } });
}

/** Makes a new age identity of a kind, `AGE-SECRET-KEY-…`. It is a secret. */
export function generateIdentity(kind: AgeKind): Promise<string> {
  return kind === 'X25519' ? generateX25519Identity() : generateHybridIdentity();
}

/** The recipient of an identity, `age1…` or `age1pq1…`. */
export function recipientOf(identity: string): Promise<string> {
  return identityToRecipient(identity);
}

/** The text of an age identity file, as `age-keygen` writes it. */
export function printIdentityFile(identity: string, recipient: string, created: string): string {
  return `# created: ${created}\n# public key: ${recipient}\n${identity}\n`;
}
