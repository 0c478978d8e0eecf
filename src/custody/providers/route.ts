import { parseKeyUri } from '../key-uri.ts';
import { PROVIDERS } from './providers.ts';

/**
 * What in the URI of a key decides whom sealroom talks to, as whom, whose code it loads and whose files it hands on: an endpoint, a
 * profile, a module, a PIN file. Each as `name=value`; none for most keys.
 *
 * @throws {SealroomError} USAGE_OPTION if it is not a URI, or its provider cannot parse it.
 */
export async function routeOf(uri: string): Promise<readonly string[]> {
  const { scheme, rest } = parseKeyUri(uri);
  const load = PROVIDERS.get(scheme)?.loadRoute ?? null;
  return load === null ? [] : (await load())(rest);
}
