import {
  adviseOnManifest,
  type ChangeEffect,
  listGrants,
  listLimits,
  type Manifest,
  type ManifestChange,
  type Member,
  type SignatureState,
  type SignatureStatus,
} from '../../src/collab/index.ts';
import { SealroomError } from '../../src/errors/index.ts';

const STATES: Readonly<Record<SignatureState, string>> = {
  holds: 'signed',
  missing: 'has not signed',
  'no-key': 'has no signing key in the manifest',
  changed: 'signed another version',
  wrong: 'has a signature that is not by its key',
};

const EFFECTS: Readonly<Record<ChangeEffect, string>> = {
  allows: 'newly allowed',
  forbids: 'newly forbidden',
  changes: 'changed',
};

/** The state of a signature as a line. */
export function printStatus({ member, template, state }: SignatureStatus): string {
  return `${member}${template === null ? '' : ` on template ${template}`}: ${STATES[state]}`;
}

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

/** Lines under the subject that they speak of, each subject once. */
function groupLines(entries: readonly { readonly subject: string; readonly text: string }[]): readonly string[] {
  const subjects = [...new Set(entries.map(({ subject }) => subject))];
  return subjects.flatMap((name) => {
    const texts = entries.filter(({ subject }) => subject === name).map(({ text }) => `    ${text}`);
    return [`  ${name}`, ...texts];
  });
}

/** A manifest for a person: who, what is allowed and within which limits, and what is left open. */
export function printManifest(manifest: Manifest, signatures: readonly SignatureStatus[]): readonly string[] {
  const { id, name, sha256, members, tables, templates } = manifest;
  const limits = listLimits(manifest).map(({ subject, text, value }) => ({
    subject,
    text: `${text}: ${String(value)}`,
  }));
  const closed = tables
    .filter(({ rule }) => rule === null)
    .map((table) => `  table ${table.name} of ${table.owner}: no queries`);
  const sections = [
    [`${name} (${id})`, [`  hash ${sha256}`]],
    ['members', members.flatMap(printMember).map((line) => `  ${line}`)],
    ['signatures', signatures.map((status) => `  ${printStatus(status)}`)],
    ['allowed', [...groupLines(listGrants(manifest)), ...closed]],
    ['limits', groupLines(limits)],
    [
      'templates',
      templates.map((template) => `  ${template.id}: approved by ${template.approvedBy.join(', ') || 'nobody'}`),
    ],
    ['left open', groupLines(adviseOnManifest(manifest))],
  ] as const;
  return sections.filter(([, lines]) => lines.length > 0).flatMap(([title, lines]) => [title, ...lines]);
}

/** The differences of two manifests for a person: what is newly allowed, newly forbidden, and changed. */
export function printChanges(changes: readonly ManifestChange[]): readonly string[] {
  if (changes.length === 0) return ['no difference'];
  return Object.entries(EFFECTS).flatMap(([effect, title]) => {
    const group = changes.filter((change) => change.effect === effect);
    return group.length === 0 ? [] : [title, ...groupLines(group)];
  });
}

/**
 * Refuses a manifest with a signature that does not hold. One that is missing is another matter.
 *
 * @throws {SealroomError} MANIFEST_SIGNATURE
 */
export function refuseBrokenSignatures(states: readonly SignatureStatus[], file: string): void {
  const broken = states.find(({ state }) => state === 'changed' || state === 'wrong');
  if (broken === undefined) return;
  throw new SealroomError('MANIFEST_SIGNATURE', `expected signatures that hold; ${printStatus(broken)}`, {
    where: { file },
    hint: 'compare the versions with `sealroom collab diff`, and sign again if you agree',
  });
}
