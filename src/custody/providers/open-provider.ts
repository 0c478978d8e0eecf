import { didYouMean, SealroomError } from '../../errors/index.ts';
import { parseKeyUri } from '../key-uri.ts';
import { EnvelopeProvider } from './envelope-provider.ts';
import type { KeyProvider, ProviderContext } from './provider.ts';
import { PROVIDER_SCHEMES, PROVIDERS } from './providers.ts';

/**
 * Opens the provider of a key's URI; the caller disposes of it. It does not look for the key yet: `describe` says whether the key can
 * be used.
 *
 * @param uriText the value of `--key`, or the `key` of an envelope
 * @throws {SealroomError} USAGE_OPTION if it is not a URI, its scheme is unknown, or its provider cannot parse it. The text is not
 *   in the message.
 */
export async function openProvider(uriText: string, context: ProviderContext): Promise<KeyProvider> {
  const { scheme, rest } = parseKeyUri(uriText);
  const traits = PROVIDERS.get(scheme);
  if (traits === undefined) {
    throw new SealroomError('USAGE_OPTION', 'unknown scheme in the URI of a key', {
      hint: didYouMean(scheme, PROVIDER_SCHEMES) ?? `known schemes are ${listSchemes(PROVIDER_SCHEMES)}`,
    });
  }
  if (context.isFips === true && !traits.isFips) {
    const allowed = [...PROVIDERS].flatMap(([name, { isFips, isPlaintext }]) => (isFips && !isPlaintext ? [name] : []));
    throw new SealroomError('USAGE_OPTION', `\`${scheme}:\` keys cannot be used with \`--fips\``, {
      hint: `no FIPS provider has the cryptography of age files; use ${listSchemes(allowed)}`,
    });
  }
  const open = await traits.load();
  return new EnvelopeProvider(scheme, open(rest, context));
}

function listSchemes(schemes: readonly string[]): string {
  return schemes.map((scheme) => `\`${scheme}:\``).join(', ');
}
