import type { AnalysisTemplate, Manifest } from '../../collab/index.ts';
import { quoteForMessage } from '../../errors/index.ts';
import type { Query } from '../ast/nodes.ts';
import { readPattern, writtenText } from '../ast/like-pattern.ts';
import { readTypeName, type ValueType } from '../ast/value-type.ts';
import { expressionsOf, selectsIn, within } from '../ast/walk.ts';
import type { Findings, Span } from '../findings/finding.ts';
import { readTextLiteral } from '../resolve/literal.ts';
import type { CheckContext } from './rule-context.ts';

/** A value for a parameter: text in the canonical notation of its type. */
export interface BoundParameter {
  readonly type: ValueType;
  readonly text: string;
}

/** A template with the types and the values of its parameters. */
export interface BoundTemplate {
  readonly template: AnalysisTemplate;
  readonly types: ReadonlyMap<string, ValueType>;
  readonly values: ReadonlyMap<string, BoundParameter>;
}

function findTemplate(
  manifest: Manifest,
  id: string,
  text: string,
  whole: Span,
  found: Findings,
): AnalysisTemplate | null {
  const template = manifest.templates.find((each) => each.id === id);
  if (template === undefined) {
    const known = manifest.templates.map((each) => quoteForMessage(each.id)).join(', ');
    found.add('TEMPLATE_UNKNOWN', whole, `the collaboration has no template ${quoteForMessage(id)}`, {
      help: known === '' ? 'It has no templates.' : `Its templates are ${known}.`,
    });
    return null;
  }
  if (template.sql === text) return template;
  found.add('TEMPLATE_UNKNOWN', whole, `the query is not the text of the template ${quoteForMessage(id)}`);
  return null;
}

/** Names all parameters, because only the first of several findings at one place is reported. */
function helpOn({ parameters }: AnalysisTemplate): string {
  const names = parameters.map(({ name, type }) => `${quoteForMessage(name)} (${type})`).join(', ');
  return names === ''
    ? 'The template takes no values.'
    : `Give each of ${names} a value of its type, and give no other values.`;
}

/** The template that a query claims to be, with its values; `null` if there is none. Reports what does not match. */
export function bindTemplate(context: CheckContext, text: string, whole: Span, found: Findings): BoundTemplate | null {
  const { manifest, template: id, parameters = {} } = context;
  if (id === undefined) {
    if (Object.keys(parameters).length > 0)
      found.add('PARAMETER', whole, 'parameter values can only be given with a template');
    return null;
  }
  const template = findTemplate(manifest, id, text, whole, found);
  if (template === null) return null;
  const help = helpOn(template);
  const types = new Map<string, ValueType>();
  const values = new Map<string, BoundParameter>();
  for (const { name, type: typeName } of template.parameters) {
    const type = readTypeName(typeName);
    if (type === null) continue;
    types.set(name, type);
    const given = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    //= rules R-29
    const value = given === undefined ? null : readTextLiteral(given, type);
    if (value !== null) values.set(name, { type, text: value });
    else {
      const mistake = given === undefined ? 'has no value' : `has a value that is not of type ${typeName}`;
      found.add('PARAMETER_TYPE', whole, `parameter ${quoteForMessage(name)} ${mistake}`, { help });
    }
  }
  for (const name of Object.keys(parameters)) {
    if (!types.has(name))
      found.add('PARAMETER_TYPE', whole, `the template has no parameter ${quoteForMessage(name)}`, { help });
  }
  return { template, types, values };
}

/** Reports values of parameters that are patterns of LIKE, and would make it fail. */
export function checkPatterns(query: Query, { values }: BoundTemplate, found: Findings): void {
  for (const value of selectsIn(query).flatMap(expressionsOf)) {
    for (const part of within(value)) {
      if (part.kind !== 'like' || part.escape === null || part.pattern.kind === 'literal') continue;
      const text = writtenText(part.pattern, values);
      const pattern = text === null ? null : readPattern(text, part.escape);
      //= rules R-56
      if (pattern !== null && 'problem' in pattern)
        found.add('PARAMETER_TYPE', part.pattern.span, pattern.problem, { help: pattern.help });
    }
  }
}
