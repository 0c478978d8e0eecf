import { relative } from 'node:path';
import { type ErrorCode, type ErrorPlace, SealroomError } from '../src/errors/index.ts';
import { listProblems } from '../src/errors/index.ts';
import { type CliIo, say, tell } from './terminal.ts';

/** Exit codes of the command line. */
export const EXIT = { done: 0, failed: 1, usage: 2, refused: 3, integrity: 4 } as const;

/** Codes of integrity failures whose prefix does not say so. */
const INTEGRITY_CODES: readonly ErrorCode[] = ['MANIFEST_SIGNATURE', 'CUSTODY_ENVELOPE', 'CUSTODY_MESSAGE'];

/** The exit code of an error. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof SealroomError)) return EXIT.failed;
  return codeOf(error.code);
}

function codeOf(code: ErrorCode): number {
  if (code.startsWith('USAGE_')) return EXIT.usage;
  if (code.startsWith('RULE_')) return EXIT.refused;
  const isIntegrity = ['FORMAT_', 'AUDIT_', 'ROOM_'].some((prefix) => code.startsWith(prefix));
  return isIntegrity || INTEGRITY_CODES.includes(code) ? EXIT.integrity : EXIT.failed;
}

/** Prints one `error:` line with the place; a `hint:` line where there is one, how the command is used, and evidence. */
function describeError(io: CliIo, error: unknown): void {
  if (!(error instanceof SealroomError)) {
    say(io, 'error', 'unexpected failure');
    say(io, 'hint', 'run the command again with `--debug`, and report what it prints');
    return;
  }
  const place = describePlace(error.where, io.cwd);
  say(io, 'error', `${place === '' ? '' : `${place}: `}${error.message}`);
  const [, hint = '', usage = ''] = /^([^]*?)\n?(usage: .*)?$/.exec(error.hint ?? '') ?? [];
  if (hint !== '') say(io, 'hint', hint);
  if (usage !== '') tell(io, usage);
  for (const text of error.evidence) tell(io, `\n${text.trimEnd()}`);
}

function describePlace({ file, line, character, row, column }: ErrorPlace, cwd: string): string {
  const parts: string[] = [];
  const inFile = [line, character].filter((at) => at !== undefined).map((at) => `:${String(at)}`);
  if (file !== undefined) parts.push(shortPath(file, cwd) + inFile.join(''));
  if (row !== undefined) parts.push(`row ${String(row)}`);
  if (column !== undefined) parts.push(`column \`${column}\``);
  return parts.join(', ');
}

/** A path as a user would type it: relative if it is below the current directory. */
function shortPath(file: string, cwd: string): string {
  if (!file.startsWith('/')) return file;
  const short = relative(cwd, file);
  return short === '' || short.startsWith('..') ? file : short;
}

function toJson({ code, message, hint, where, evidence }: SealroomError): object {
  return { code, message, hint, ...where, ...(evidence.length === 0 ? {} : { evidence }) };
}

/** Prints an error; with `debug`, also its stack and causes, which may show paths and values of the table. */
export function printError(io: CliIo, error: unknown, json: boolean, debug: boolean): void {
  if (json && error instanceof SealroomError) {
    const [first = error, ...rest] = listProblems(error).map(toJson);
    const problems = rest.length === 0 ? {} : { problems: [first, ...rest] };
    io.stderr.write(`${JSON.stringify({ error: { ...toJson(error), ...problems } })}\n`);
  } else {
    describeError(io, error);
  }
  for (let cause = error; debug && cause instanceof Error; cause = cause.cause) tell(io, cause.stack ?? '');
}
