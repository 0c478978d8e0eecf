import type { AnalysisTemplate, Manifest, TemplateParameter } from '../../collab/index.ts';
import { describeTypedText, fillDefaults, readTypedText } from '../../collab/light.ts';
import { findNearest, quoteForMessage } from '../../errors/index.ts';
import { readPattern, writtenText } from '../ast/like-pattern.ts';
import type { Query } from '../ast/nodes.ts';
import { readTypeName, type ValueType } from '../ast/value-type.ts';
import { expressionsOf, selectsIn, within } from '../ast/walk.ts';
import type { Findings, Span } from '../findings/finding.ts';
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

/** A parameter as a message shows it: its name, its type, and its default if it has one. */
function describeParameter({ name, type, default: value }: TemplateParameter): string {
  return `${quoteForMessage(name)} (${type}${value === null ? '' : ', has a default'})`;
}

function helpOn({ parameters }: AnalysisTemplate): string {
  const names = parameters.map(describeParameter).join(', ');
  return names === '' ? 'The template takes no values.' : `The template's parameters are ${names}.`;
}

/** What is wrong with a parameter's value, if anything is; it never quotes the value. */
function mistakeIn({ name, type }: TemplateParameter, given: string | undefined): string | null {
  if (given === undefined) return `${quoteForMessage(name)} has no value, expected ${describeTypedText(type)}`;
  if (readTypedText(given, type) !== null) return null;
  return `the value of ${quoteForMessage(name)} is not of type ${type}, expected ${describeTypedText(type)}`;
}

/** A value for a parameter that a template does not have, and the one that is most likely meant. */
function describeUnknown(name: string, { parameters }: AnalysisTemplate): string {
  const near = findNearest(
    name,
    parameters.map((parameter) => parameter.name),
  );
  const meant = near === undefined ? '' : `, did you mean ${quoteForMessage(near)}?`;
  return `the template has no parameter ${quoteForMessage(name)}${meant}`;
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
  const filled = fillDefaults(template, parameters);
  const types = new Map<string, ValueType>();
  const values = new Map<string, BoundParameter>();
  const mistakes: string[] = [];
  for (const parameter of template.parameters) {
    const { name, type: typeName } = parameter;
    const type = readTypeName(typeName);
    if (type === null) continue;
    types.set(name, type);
    const given = Object.hasOwn(filled, name) ? filled[name] : undefined;
    //= rules R-29
    const value = given === undefined ? null : readTypedText(given, typeName);
    if (value !== null) values.set(name, { type, text: value });
    const mistake = mistakeIn(parameter, given);
    if (mistake !== null) mistakes.push(mistake);
  }
  const unknown = Object.keys(parameters).filter((name) => !types.has(name));
  mistakes.push(...unknown.map((name) => describeUnknown(name, template)));
  // One finding: of several at one place only the first is reported.
  if (mistakes.length > 0) found.add('PARAMETER_TYPE', whole, mistakes.join('; '), { help: helpOn(template) });
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
