import { didYouMean, quoteForMessage, SealroomError } from '../../errors/index.ts';
import { fillDefaults, type Manifest, PARAMETER_NAME } from '../../collab/index.ts';
import { type CheckContext, DEFAULT_MAX_ROWS } from '../../query/index.ts';

/** Why a room believes that a caller is who it says. */
export type CallerProof =
  | {
      readonly kind: 'claimed';
      /** Who vouches for the caller: whoever runs the room, and started the query. */
      readonly by: 'operator';
    }
  | {
      readonly kind: 'signed';
      /** The key of the manifest that signed the request: `ed25519:…`. */
      readonly keyId: string;
    };

/** Who asks. `QueryRunner` records it and checks no roles: that is for the action that made the caller, before it runs the query. */
export interface Caller {
  /** Id of a member. */
  readonly member: string;
  /** Id of one of the member's people; `null` for a member that is one person, or if the person is not known. */
  readonly person: string | null;
  readonly proof: CallerProof;
}

/** A caller for whom only the operator of the room vouches. */
export function claimedCaller(member: string, person: string | null = null): Caller {
  return Object.freeze({ member, person, proof: Object.freeze({ kind: 'claimed', by: 'operator' }) });
}

/** A caller whose request was signed with a key that the manifest gives to the member, or to the person. */
export function signedCaller(member: string, person: string | null, keyId: string): Caller {
  return Object.freeze({ member, person, proof: Object.freeze({ kind: 'signed', keyId }) });
}

/** A query, who asks it, and who receives the result. */
export interface QueryRequest {
  readonly caller: Caller;
  /** Ids of the members that the result is for; without any, it is for the caller's. */
  readonly receivers: readonly string[];
  readonly query:
    | { readonly kind: 'text'; readonly sql: string }
    | { readonly kind: 'template'; readonly id: string; readonly parameters: Readonly<Record<string, string>> };
  /** The maximum number of rows, if it is less than what the room would release. */
  readonly maxRows?: number | undefined;
}

/** Ids of the members that receive the result of a request. */
export function receiversOf({ caller, receivers }: Pick<QueryRequest, 'caller' | 'receivers'>): readonly string[] {
  return receivers.length === 0 ? [caller.member] : receivers;
}

/** A request with its resolved text, ready to be checked. */
export interface ResolvedRequest {
  readonly text: string;
  readonly context: CheckContext;
}

const MAX_NAME_CHARACTERS = 256;
const MAX_VALUE_CHARACTERS = 20_000;

/** More than any template has, and few enough for a record. */
const MAX_PARAMETERS = 1000;

function requireMember({ members }: Manifest, id: string): void {
  const ids = members.map((member) => member.id);
  if (ids.includes(id)) return;
  throw new SealroomError('USAGE_OPTION', `${quoteForMessage(id)} is not a member of the collaboration`, {
    hint: didYouMean(id, ids) ?? `its members are ${ids.join(', ')}`,
  });
}

/** Requires names that a manifest can have, and values that a record and the engine can hold unchanged. */
function requireParameters(parameters: Readonly<Record<string, string>>): void {
  const count = Object.keys(parameters).length;
  if (count > MAX_PARAMETERS) {
    throw new SealroomError(
      'USAGE_OPTION',
      `expected at most ${String(MAX_PARAMETERS)} parameters, got ${String(count)}`,
    );
  }
  for (const [name, value] of Object.entries(parameters)) {
    if (!PARAMETER_NAME.pattern.test(name)) {
      throw new SealroomError('USAGE_OPTION', `parameter ${quoteForMessage(name)}: a name has ${PARAMETER_NAME.words}`);
    }
    if (/[\p{Cs}\0]/u.test(value) || value.length > MAX_VALUE_CHARACTERS) {
      throw new SealroomError(
        'USAGE_OPTION',
        `the value of parameter ${quoteForMessage(name)} is too long or contains NUL`,
        {
          hint: `a value can have at most ${String(MAX_VALUE_CHARACTERS)} characters`,
        },
      );
    }
  }
}

/**
 * Resolves a request in a collaboration. The check reports a template that does not exist.
 *
 * @param maxRows the maximum number of rows that the room releases; default: `DEFAULT_MAX_ROWS`
 * @throws {SealroomError} USAGE_OPTION if a member is not in the collaboration, or a parameter is malformed.
 */
export function resolveRequest(
  request: QueryRequest,
  manifest: Manifest,
  maxRows: number = DEFAULT_MAX_ROWS,
): ResolvedRequest {
  const { caller, query: question } = request;
  const { member } = caller;
  const receivers = receiversOf(request);
  for (const id of [member, ...receivers]) requireMember(manifest, id);
  const rows = Math.min(request.maxRows ?? maxRows, maxRows);
  const context = { manifest, member, receivers: [...new Set(receivers)], maxRows: rows };
  if (question.kind === 'text') return { text: question.sql, context };
  const { id, parameters } = question;
  requireParameters(parameters);
  if (id === '' || id.length > MAX_NAME_CHARACTERS) {
    throw new SealroomError('USAGE_OPTION', 'the id of the template is empty or too long');
  }
  const template = manifest.templates.find((known) => known.id === id);
  //= rules R-67
  const values = template === undefined ? parameters : fillDefaults(template, parameters);
  return { text: template?.sql ?? '', context: { ...context, template: id, parameters: values } };
}
