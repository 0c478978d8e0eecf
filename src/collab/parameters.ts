import { quoteForMessage } from '../errors/index.ts';
import { type Cursor, present } from './cursor.ts';
import { readColumnType } from './manifest-column.ts';
import { describeTypedText, readTypedText } from './typed-text.ts';

/** A typed place in the SQL of a template, written `$name` or `:name`. */
export interface TemplateParameter {
  readonly name: string;
  /** SQL type by the room's name, as `familyOf` knows it. */
  readonly type: string;
  /** The value if a query gives none, in the canonical notation of the type; `null` if a query must give one. */
  readonly default: string | null;
}

/** The form of a parameter's name: AWS Clean Rooms' own, except that it begins with a letter, as the parser wants it. */
export const PARAMETER_NAME = {
  pattern: /^[A-Za-z][A-Za-z0-9_]{0,99}$/,
  words: '1 to 100 letters, digits and `_`, a letter first',
};

/** AWS Clean Rooms' limit. */
const MAX_DEFAULT_CHARACTERS = 1000;

/** What a record and the engine cannot hold unchanged. */
const UNSTORABLE = /[\p{Cs}\0]/u;

/** Reads a default, which AWS Clean Rooms calls `defaultValue`; `null` if there is none. */
function readDefault(item: Cursor, type: string | null): string | null {
  const [own, other] = [item.at('default'), item.at('defaultValue')];
  if (own.isGiven && other.isGiven) other.refuse('given twice: here and as `default`');
  const cursor = own.isGiven ? own : other;
  if (!cursor.isGiven) return null;
  const text = cursor.peekText();
  if (text === null) return cursor.refuse('expected text', 'put the value in quotes');
  if (type === null) return null;
  if (text.length > MAX_DEFAULT_CHARACTERS || UNSTORABLE.test(text)) {
    return cursor.refuse(`expected at most ${MAX_DEFAULT_CHARACTERS.toLocaleString('en')} characters, and no NUL`);
  }
  const value = readTypedText(text, type);
  if (value !== null) return value;
  return cursor.refuse(`expected ${describeTypedText(type)}`, `the parameter has the type ${type}`);
}

function readParameter(cursor: Cursor): TemplateParameter | null {
  const item = cursor.withoutNulls(['default', 'defaultValue']);
  if (!item.object(['name', 'type', 'default', 'defaultValue'])) return null;
  const name = item.at('name').text(PARAMETER_NAME);
  const type = readColumnType(item.at('type'));
  const value = readDefault(item, type);
  return name === null || type === null ? null : Object.freeze({ name, type, default: value });
}

/** Reads the parameters of a template; none if they are not given. */
export function readParameters(cursor: Cursor): readonly TemplateParameter[] {
  if (!cursor.isGiven) return Object.freeze([]);
  const seen = new Map<string, string>();
  const parameters = cursor.items().map((item) => {
    const parameter = readParameter(item);
    if (parameter === null) return null;
    const { name } = parameter;
    const other = seen.get(name.toLowerCase());
    seen.set(name.toLowerCase(), name);
    if (other === undefined) return parameter;
    const message = other === name ? 'is declared twice' : `differs from \`${other}\` only in upper and lower case`;
    return item.at('name').refuse(`the parameter \`${name}\` ${message}`);
  });
  return Object.freeze(present(parameters));
}

/** The type of a parameter and its default, in words: "DATE, default `2026-01-01`". */
export function describeParameter({ type, default: value }: TemplateParameter): string {
  return value === null ? type : `${type}, default ${quoteForMessage(value)}`;
}

/**
 * The values of a template's parameters: those that are given, and the defaults of the others. Keeps given values that the template
 * has no parameter for; a check refuses them.
 */
export function fillDefaults(
  { parameters }: { readonly parameters: readonly TemplateParameter[] },
  given: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const missing = parameters.flatMap(({ name, default: value }) =>
    value === null || Object.hasOwn(given, name) ? [] : [[name, value] as const],
  );
  return { ...given, ...Object.fromEntries(missing) };
}
