import { parseTypeName } from '../collab/index.ts';

/** The manifest's name of a type as AWS Glue or Spark writes it, or `null` if it has none, such as for an array. */
export function typeFromGlue(type: string): string | null {
  const name = parseTypeName(type);
  return name.kind === 'known' ? name.type : null;
}

/** The manifest's name of the type of a template's parameter, or `null`: a decimal there says no precision. */
export function typeOfParameter(type: string): string | null {
  return /^\s*(decimal|dec|numeric)\s*$/i.test(type) ? null : typeFromGlue(type);
}
