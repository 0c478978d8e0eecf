import { randomInt } from 'node:crypto';
import { SealroomError } from '../../src/errors/index.ts';

/** Words of a generated passphrase: 11 bits each, 77 together. */
const WORDS = 7;

/**
 * Fewest guesses that a passphrase must take, as a power of ten. scrypt with the cost 2^18 takes a core most of a second and 256 MiB, so
 * that 10^12 guesses are some 30,000 years of one core.
 */
const MIN_GUESSES_LOG10 = 12;

/** What guessers try first besides words and names. */
const KNOWN_WORDS = ['sealroom', 'keystore', 'passphrase', 'correct horse battery staple'];

/** A passphrase that nobody guesses: words of the list that age and BIP 39 use, from the platform's generator. */
export async function generatePassphrase(): Promise<string> {
  const { wordlist } = await import('@scure/bip39/wordlists/english.js');
  return Array.from({ length: WORDS }, () => wordlist[randomInt(wordlist.length)]).join('-');
}

/** Whether a passphrase is found in fewer guesses than a keystore is worth. */
async function isWeak(passphrase: string): Promise<boolean> {
  // Loaded here, because the dictionaries take long, and few commands make a passphrase.
  const [{ ZxcvbnFactory }, common, english] = await Promise.all([
    import('@zxcvbn-ts/core'),
    import('@zxcvbn-ts/language-common'),
    import('@zxcvbn-ts/language-en'),
  ]);
  const dictionary = { ...common.dictionary, ...english.dictionary };
  const { guessesLog10 } = new ZxcvbnFactory({ dictionary, graphs: common.adjacencyGraphs }).check(
    passphrase,
    KNOWN_WORDS,
  );
  return guessesLog10 < MIN_GUESSES_LOG10;
}

/** What to do about a weak passphrase. */
export interface WeakPassphrasePolicy {
  readonly isAllowed: boolean;
  readonly warn: (message: string) => void;
}

/**
 * Refuses a new passphrase that is easy to guess, or warns of it. An empty one is for the provider to refuse.
 *
 * @throws {SealroomError} SECRET_INVALID if it is weak and not allowed to be
 */
export async function requireStrongPassphrase(
  passphrase: string,
  { isAllowed, warn }: WeakPassphrasePolicy,
): Promise<void> {
  if (passphrase === '' || !(await isWeak(passphrase))) return;
  if (!isAllowed) {
    throw new SealroomError('SECRET_INVALID', 'the passphrase is easy to guess', {
      hint: 'at a terminal, leave it empty to get one of seven random words; `--weak-passphrase` takes it all the same',
    });
  }
  warn('the passphrase is easy to guess: whoever gets the keystore can open it');
}
