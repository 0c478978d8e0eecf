import { SECRET_VARIABLE } from '../environment.ts';
import type { MemberHome } from '../home.ts';
import type { ProviderContext } from '../provider.ts';
import { type Check, fine, warning } from './check.ts';
import { checkFiles } from './files.ts';
import { checkKeys } from './keys.ts';
import { checkMachine, type Machine, THIS_MACHINE } from './machine.ts';

/**
 * Looks at what guards the keys of a home: Node and OpenSSL, what the system may write of memory, modes of files, the keys that
 * envelopes name, and the environment, of which it tells names only. Opens no envelope, and changes nothing.
 *
 * @param context its `askPassphrase` is called by providers that cannot tell without
 * @throws {SealroomError} IO_READ if a directory of the home cannot be read.
 */
export async function examineCustody(
  home: MemberHome,
  context: ProviderContext,
  machine: Machine = THIS_MACHINE,
): Promise<readonly Check[]> {
  return [
    ...(await checkMachine(machine)),
    ...checkEnvironment(context.env),
    ...(await checkFiles(home)),
    ...(await checkKeys(home, context)),
  ];
}

function checkEnvironment(env: NodeJS.ProcessEnv): readonly Check[] {
  const item = 'environment';
  const names = Object.keys(env)
    .filter((name) => /^(C3R|SEALROOM)_/.test(name))
    .sort();
  if (names.includes(SECRET_VARIABLE)) {
    return [
      warning(
        item,
        `${names.join(', ')}: every program that is started from here can read the secret`,
        `wrap it with \`sealroom key create --import\`, then unset ${SECRET_VARIABLE}`,
      ),
    ];
  }
  return [fine(item, names.length === 0 ? 'no variables of sealroom' : names.join(', '))];
}
