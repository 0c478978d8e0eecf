import { SECRET_VARIABLE } from '../environment.ts';
import type { MemberHome } from '../home.ts';
import type { ProviderContext } from '../providers/provider.ts';
import { type Check, checkOk, checkWarning } from './check.ts';
import { checkFiles } from './files.ts';
import { checkKeys } from './keys.ts';
import { checkMachine, type Machine, THIS_MACHINE } from './machine.ts';

/**
 * Checks what protects the keys of a home: Node and its options, OpenSSL, whether the system may write memory to disk, file modes, the keys
 * of the envelopes, and the environment, of which it reports names only. It opens no envelope, and changes nothing.
 *
 * @param context its `askPassphrase` is called by providers that need a passphrase for the check
 * @throws {SealroomError} IO_READ if a directory of the home cannot be read.
 */
export async function examineCustody(
  home: MemberHome,
  context: ProviderContext,
  machine: Machine = THIS_MACHINE,
): Promise<readonly Check[]> {
  return [
    ...(await checkMachine(machine, context.env)),
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
      checkWarning(
        item,
        `${names.join(', ')}: every program that is started from here can read the secret`,
        `wrap it with \`sealroom key create --import\`, then unset ${SECRET_VARIABLE}`,
      ),
    ];
  }
  return [checkOk(item, names.length === 0 ? 'no variables of sealroom' : names.join(', '))];
}
