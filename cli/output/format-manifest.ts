import {
  adviseOnManifest,
  type ChangeEffect,
  describeDialect,
  describeNormalisation,
  describeParameter,
  describePin,
  describeSignature,
  listGrants,
  listLimits,
  type Manifest,
  type ManifestChange,
  type Member,
  type SignatureStatus,
  type AnalysisTemplate,
} from '../../src/collab/index.ts';
import { isNormalised } from '../../src/normalise/index.ts';

const EFFECTS: Readonly<Record<ChangeEffect, string>> = {
  allows: 'newly allowed',
  forbids: 'newly forbidden',
  changes: 'changed',
};

function printMember({ id, displayName, abilities, payer, people }: Member): readonly string[] {
  const roles = [
    ...(abilities.includes('CAN_QUERY') ? ['asks queries'] : []),
    ...(abilities.includes('CAN_RECEIVE_RESULTS') ? ['receives results'] : []),
    ...(payer ? ['pays'] : []),
  ];
  return [
    `${id} (${displayName})${roles.length === 0 ? '' : `: ${roles.join(', ')}`}`,
    ...people.map((person) => `  ${person.id} (${person.displayName}): ${person.roles.join(', ')}`),
  ];
}

function printTemplate({ id, approvedBy, parameters }: AnalysisTemplate): readonly string[] {
  return [
    `  ${id}: approved by ${approvedBy.join(', ') || 'no one'}`,
    ...parameters.map((parameter) => `    ${parameter.name}: ${describeParameter(parameter)}`),
  ];
}

/** Lists each subject once, with its lines below it. */
export function groupLines(entries: readonly { readonly subject: string; readonly text: string }[]): readonly string[] {
  const subjects = [...new Set(entries.map(({ subject }) => subject))];
  return subjects.flatMap((name) => {
    const texts = entries.filter(({ subject }) => subject === name).map(({ text }) => `    ${text}`);
    return [`  ${name}`, ...texts];
  });
}

/** What is done to the values of columns before they are encrypted, and by which facts. */
function listNormalisations({ normalisation, tables }: Manifest): readonly string[] {
  const columns = tables.flatMap((table) =>
    table.columns.filter(isNormalised).map((column) => {
      return { subject: `table ${table.name}`, text: `\`${column.name}\`: ${describeNormalisation(column)}` };
    }),
  );
  return [...(normalisation === null ? [] : [`  ${describePin(normalisation)}`]), ...groupLines(columns)];
}

/** Describes a manifest to a person: its members, what is allowed within which limits, and what is left open. */
export function printManifest(manifest: Manifest, signatures: readonly SignatureStatus[]): readonly string[] {
  const { id, name, sha256, members, tables, templates, signedTables, secretIds, dialect } = manifest;
  const tableSignatures = signedTables === 'required' ? ['  tables count only with a signature over their rows'] : [];
  const secrets =
    secretIds === null
      ? ['  names no secret: whoever makes an envelope chooses it; `sealroom collab secret` names one']
      : Object.entries(secretIds).map(([generation, secretId]) => `  generation ${generation}: secret ${secretId}`);
  const limits = listLimits(manifest).map(({ subject, text, value }) => ({
    subject,
    text: `${text}: ${String(value)}`,
  }));
  const closed = tables
    .filter(({ rule }) => rule === null)
    .map((table) => `  table ${table.name} of ${table.owner}: no queries`);
  const sections = [
    [
      `${name} (${id})`,
      [`  hash ${sha256}`, `  queries are in ${describeDialect(dialect)}`, ...secrets, ...tableSignatures],
    ],
    ['members', members.flatMap(printMember).map((line) => `  ${line}`)],
    ['signatures', signatures.map((status) => `  ${describeSignature(status)}`)],
    ['allowed', [...groupLines(listGrants(manifest)), ...closed]],
    ['limits', groupLines(limits)],
    ['values before encryption', listNormalisations(manifest)],
    ['templates', templates.flatMap(printTemplate)],
    ['left open', groupLines(adviseOnManifest(manifest))],
  ] as const;
  return sections.filter(([, lines]) => lines.length > 0).flatMap(([title, lines]) => [title, ...lines]);
}

/** Describes the differences of two manifests to a person: what is newly allowed, newly forbidden, or changed. */
export function printChanges(changes: readonly ManifestChange[]): readonly string[] {
  if (changes.length === 0) return ['no differences'];
  return Object.entries(EFFECTS).flatMap(([effect, title]) => {
    const group = changes.filter((change) => change.effect === effect);
    return group.length === 0 ? [] : [title, ...groupLines(group)];
  });
}
