import { readFile } from 'node:fs/promises';
import type { Manifest } from '../../collab/index.ts';
import { type CollaborationId, parseCollaborationId } from '../../crypto/index.ts';
import { findPinned, listEnvelopes, listRequests, readOwnCard, type SignedCard } from '../../custody/index.ts';
import { quoteForShell } from '../../errors/index.ts';
import { fileExists } from '../../files/index.ts';
import type { Project } from '../../project/index.ts';
import { type OpenRequest, openRequests } from './carried-exchange.ts';
import { homeOf, type MemberEnvironment } from './environment.ts';
import { type CardDigits, cardDigitsOf } from './set-up.ts';

/** The state of a step: it is `done`, it is `next` for this member, it comes `later`, or others are `waiting`ed for. */
export type StepState = 'done' | 'next' | 'waiting' | 'later';

/** A step on the way from nothing to a result. */
export interface Step {
  /** What it is, in a few words. */
  readonly name: string;
  readonly state: StepState;
  /** What there is, or what is missing. */
  readonly detail: string;
  /** The command that does it; `null` if it is done, or others do it. */
  readonly command: string | null;
  /** Ids of the members that are waited for. */
  readonly waitingFor: readonly string[];
}

/** What is set, and what comes next. */
export interface Progress {
  /** Absolute path of the project file; `null` if there is none. */
  readonly projectFile: string | null;
  /** Absolute path of the home. */
  readonly home: string;
  /** The member of the home; `null` if it has no card. */
  readonly member: string | null;
  /** `null` if there is no manifest. */
  readonly collaboration: { readonly id: string; readonly name: string; readonly sha256: string } | null;
  readonly steps: readonly Step[];
  /** The cards in the manifest that were not compared yet, with the digits that both members see. */
  readonly toCompare: readonly CardDigits[];
}

/** What is known before the steps are named. */
interface Facts {
  readonly environment: MemberEnvironment;
  readonly project: Project | null;
  readonly card: SignedCard | null;
  readonly manifest: Manifest | null;
}

/** A step before its place among the others is known: who has to do something, if anybody. */
interface Finding {
  readonly name: string;
  readonly detail: string;
  readonly command?: string | undefined;
  readonly waitingFor?: readonly string[] | undefined;
  readonly isDone: boolean;
}

/**
 * Says what is set for a member in a folder, and what comes next, as steps in their order. It changes nothing and asks for no key.
 *
 * @throws {SealroomError} MANIFEST_* as `parseManifest`; errors of the cards of the home; IO_READ.
 */
export async function describeProgress(environment: MemberEnvironment, project: Project | null): Promise<Progress> {
  const home = homeOf(environment);
  const card = (await fileExists(home.card)) ? await readOwnCard(home) : null;
  const manifest = await readManifest(project);
  const facts: Facts = { environment, project, card, manifest };
  const findings = [keysStep(facts), ...(await manifestSteps(facts))];
  const { id, name, sha256 } = manifest ?? { id: '', name: '', sha256: '' };
  return Object.freeze({
    projectFile: project?.file ?? null,
    home: home.directory,
    member: card?.body.id ?? null,
    collaboration: manifest === null ? null : { id, name, sha256 },
    steps: toSteps(findings),
    toCompare:
      manifest === null || card === null
        ? []
        : (await cardDigitsOf(environment, manifest)).filter(({ isPinned }) => !isPinned),
  });
}

async function readManifest(project: Project | null): Promise<Manifest | null> {
  const file = project?.values.manifest;
  if (file === undefined || !(await fileExists(file))) return null;
  const { parseManifest } = await import('../../collab/index.ts');
  return parseManifest(await readFile(file, 'utf8'), { file });
}

/** The first step that is not done is the next one; what others have to do does not hold up what this member can. */
function toSteps(findings: readonly Finding[]): readonly Step[] {
  const next = findings.find(({ isDone, waitingFor = [] }) => !isDone && waitingFor.length === 0);
  const isBlocked = (finding: Finding): boolean =>
    findings
      .slice(0, findings.indexOf(finding))
      .some(({ isDone, waitingFor = [] }) => !isDone && waitingFor.length > 0);
  return findings.map((finding) => {
    const { name, detail, command = null, waitingFor = [], isDone } = finding;
    const isNext = finding === next && !isBlocked(finding);
    const state: StepState = isDone ? 'done' : waitingFor.length > 0 ? 'waiting' : isNext ? 'next' : 'later';
    return Object.freeze({ name, state, detail, command: isDone ? null : command, waitingFor });
  });
}

const OR_JOIN = 'with the manifest of another member, `sealroom collab join <manifest>` makes them and adds you';

function keysStep({ card, project }: Facts): Finding {
  const id = project?.values.as ?? '<member>';
  return {
    name: 'your keys',
    isDone: card !== null,
    detail: card === null ? `the home has none; ${OR_JOIN}` : `the card of ${card.body.id}`,
    command: `sealroom collab init --as ${quoteForShell(id)}`,
  };
}

async function manifestSteps(facts: Facts): Promise<readonly Finding[]> {
  const { card, manifest, project } = facts;
  if (manifest === null || card === null) {
    const detail = manifest === null ? `there is none; ${OR_JOIN}` : manifest.name;
    return [{ name: 'the manifest', isDone: manifest !== null, detail, command: 'sealroom collab init' }];
  }
  const own = manifest.members.find(({ id }) => id === card.body.id);
  const joined: Finding = {
    name: 'your member in the manifest',
    isDone: own !== undefined,
    detail: own === undefined ? 'it is not there' : manifest.name,
    command: `sealroom collab join ${quoteForShell(project?.values.manifest ?? '<manifest>')}`,
  };
  if (own === undefined) return [joined];
  const id = parseCollaborationId(manifest.id);
  return [
    joined,
    tableStep(manifest, card),
    ...partnerSteps(manifest),
    await signatureStep(manifest, card),
    ...(await othersStep(manifest, card)),
    ...(await secretSteps(facts, manifest, card, id)),
    ...(await encryptSteps(facts, manifest, card)),
    ...resultStep(manifest, card),
  ];
}

function tableStep({ tables, members }: Manifest, card: SignedCard): Finding {
  const own = tables.filter(({ owner }) => owner === card.body.id).map(({ name }) => name);
  const isAsking = members.some(({ id, abilities }) => id === card.body.id && abilities.includes('CAN_QUERY'));
  return {
    name: 'your tables',
    isDone: own.length > 0 || (isAsking && tables.length > 0),
    detail: own.length > 0 ? own.join(', ') : 'none is in the manifest',
    command: 'sealroom collab add-table <name> --schema <schema> --data <file> --rule aggregation --min <persons>',
  };
}

/** The members whose keys are still missing; also if there is nobody yet. */
function partnerSteps({ members }: Manifest): readonly Finding[] {
  const keyless = members.filter(({ publicKeys, people }) => publicKeys.sign === null && people.length === 0);
  const names = members.map(({ id }) => id);
  const isAlone = members.length === 1;
  return [
    {
      name: 'the keys of all members',
      isDone: keyless.length === 0 && !isAlone,
      detail: isAlone ? 'you are the only member: send the manifest to the others' : names.join(', '),
      waitingFor: isAlone ? ['the other members'] : keyless.map(({ id }) => id),
    },
  ];
}

async function signatureStep(manifest: Manifest, card: SignedCard): Promise<Finding> {
  const { verifyManifest } = await import('../../collab/index.ts');
  const state = verifyManifest(manifest).find(
    ({ member, template }) => template === null && member === card.body.id,
  )?.state;
  return {
    name: 'your signature',
    isDone: state === 'holds',
    detail: state === 'holds' ? 'signed' : 'read `sealroom collab show` first',
    command: 'sealroom collab sign',
  };
}

async function othersStep(manifest: Manifest, card: SignedCard): Promise<readonly Finding[]> {
  const { listUnsigned, verifyManifest } = await import('../../collab/index.ts');
  if (manifest.members.every(({ id }) => id === card.body.id)) return [];
  const missing = listUnsigned(verifyManifest(manifest)).filter((member) => member !== card.body.id);
  const detail =
    missing.length === 0 ? 'all have signed' : `missing from ${missing.join(', ')}: send them the manifest`;
  return [{ name: 'the signatures of the others', isDone: missing.length === 0, detail, waitingFor: missing }];
}

async function secretSteps(
  { environment }: Facts,
  manifest: Manifest,
  card: SignedCard,
  id: CollaborationId,
): Promise<readonly Finding[]> {
  const home = homeOf(environment);
  const isHeld = (await listEnvelopes(home, id)).length > 0;
  if (isHeld) {
    const waiting = openRequests(manifest, card.sha256, environment.now());
    return [
      { name: 'the secret', isDone: true, detail: 'your home has it' },
      ...(await Promise.all(waiting.map((each) => sendStep(environment, each)))),
    ];
  }
  const requests = await listRequests(home, id);
  const asked = new Set(requests.map(({ sha256 }) => sha256));
  const isThere = manifest.exchange.parcels.some(({ request }) => typeof request === 'string' && asked.has(request));
  const senders = manifest.exchange.cards.filter(({ sha256 }) => requests.some(({ body }) => body.sender === sha256));
  const isFirst = requests.length === 0;
  return [
    {
      name: 'the secret',
      isDone: false,
      detail: isThere
        ? 'it is in the manifest, for you'
        : isFirst
          ? 'your home has none'
          : 'it was asked for in the manifest',
      command: isFirst ? 'sealroom key create --key <key>' : 'sealroom key receive',
      waitingFor: isThere || isFirst ? [] : senders.map(({ body }) => body.id),
    },
  ];
}

async function sendStep(environment: MemberEnvironment, { card }: OpenRequest): Promise<Finding> {
  const isPinned = (await findPinned(homeOf(environment), card.sha256)) !== null;
  const { id } = card.body;
  return {
    name: `the secret for ${id}`,
    isDone: false,
    detail: isPinned ? 'it asked for it' : 'it asked for it: call, and compare the digits',
    command: `sealroom key send --to ${quoteForShell(id)}`,
  };
}

async function encryptSteps({ project }: Facts, { tables }: Manifest, card: SignedCard): Promise<readonly Finding[]> {
  const own = tables.filter(({ owner }) => owner === card.body.id);
  return Promise.all(
    own.map(async ({ name }) => {
      const output = project?.tables.get(name)?.output;
      const isDone = output !== undefined && (await fileExists(output));
      const detail = isDone ? `encrypted, for the operator of the room` : 'not encrypted yet';
      const command =
        output === undefined
          ? `sealroom encrypt <file> --table ${quoteForShell(name)} --schema <schema>`
          : `sealroom encrypt --table ${quoteForShell(name)}`;
      return { name: `table ${name}`, isDone, detail, command };
    }),
  );
}

/** What a receiver does at the end; nobody knows from here whether a room has answered. */
function resultStep({ members }: Manifest, card: SignedCard): readonly Finding[] {
  const isReceiver = members.some(
    ({ id, abilities }) => id === card.body.id && abilities.includes('CAN_RECEIVE_RESULTS'),
  );
  if (!isReceiver) return [];
  const command = 'sealroom decrypt <result.age> --trust <key of the room>';
  return [{ name: 'results', isDone: false, detail: 'open what a room sends', command }];
}
