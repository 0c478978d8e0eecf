import { SealroomError } from '../../errors/index.ts';
import type { Manifest } from '../../collab/index.ts';
import { quoteForMessage } from '../../errors/index.ts';
import type { CheckContext } from '../../query/index.ts';

/** Why a room believes that a caller is who it says: it has no more than the operator's word for it. */
export interface CallerProof {
  readonly kind: 'claimed';
  /** Who vouches for it: whoever runs the room, and started the query. */
  readonly by: 'operator';
}

/** Who asks. */
export interface Caller {
  /** Id of a member. */
  readonly member: string;
  /** Id of one of the member's people; `null` for a member that is one person, or if nobody said who it is. */
  readonly person: string | null;
  readonly proof: CallerProof;
}

/** A caller whom nobody but the operator vouches for. */
export function claimedCaller(member: string, person: string | null = null): Caller {
  return Object.freeze({ member, person, proof: Object.freeze({ kind: 'claimed', by: 'operator' }) });
}

/** Who asks what, and for whom. */
export interface QueryRequest {
  readonly caller: Caller;
  /** Ids of the members that the result is for; without any, it is for the caller's. */
  readonly receivers: readonly string[];
  readonly query:
    | { readonly kind: 'text'; readonly sql: string }
    | { readonly kind: 'template'; readonly id: string; readonly parameters: Readonly<Record<string, string>> };
}

/** Ids of the members that a result is for. */
export function receiversOf({ caller, receivers }: Pick<QueryRequest, 'caller' | 'receivers'>): readonly string[] {
  return receivers.length === 0 ? [caller.member] : receivers;
}

/** A request with the text that it means, ready to be checked. */
export interface ResolvedRequest {
  readonly text: string;
  readonly context: CheckContext;
}

const MAX_NAME_CHARACTERS = 256;
const MAX_VALUE_CHARACTERS = 20_000;

function requireMember({ members }: Manifest, id: string): void {
  if (members.some((member) => member.id === id)) return;
  throw new SealroomError('USAGE_OPTION', `expected a member of the collaboration, got ${quoteForMessage(id)}`, {
    hint: `its members are ${members.map((member) => member.id).join(', ')}`,
  });
}

/** Names that a manifest can have, and values that a record and the engine take as they are. */
function requireParameters(parameters: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(parameters)) {
    if (!/^[a-z][a-z0-9_]{0,62}$/.test(name)) {
      throw new SealroomError(
        'USAGE_OPTION',
        `parameter ${quoteForMessage(name)} expected a name of \`a-z\`, \`0-9\` and \`_\``,
      );
    }
    if (/[\p{Cs}\0]/u.test(value) || value.length > MAX_VALUE_CHARACTERS) {
      throw new SealroomError(
        'USAGE_OPTION',
        `parameter ${quoteForMessage(name)} expected a text without NUL, got another`,
        {
          hint: `a value has at most ${String(MAX_VALUE_CHARACTERS)} characters`,
        },
      );
    }
  }
}

/**
 * What a request means in a collaboration. A template that does not exist is left to the check, which says so.
 *
 * @param maxRows the most rows that are released; `DEFAULT_MAX_ROWS` if left out
 * @throws {SealroomError} USAGE_OPTION if a member is none of the collaboration, or a value cannot be one.
 */
export function resolveRequest(
  request: QueryRequest,
  manifest: Manifest,
  maxRows?: number,
): ResolvedRequest {
  const { caller, query: question } = request;
  const { member } = caller;
  const receivers = receiversOf(request);
  for (const id of [member, ...receivers]) requireMember(manifest, id);
  const context = { manifest, member, receivers: [...new Set(receivers)], maxRows };
  if (question.kind === 'text') return { text: question.sql, context };
  const { id, parameters } = question;
  requireParameters(parameters);
  if (id === '' || id.length > MAX_NAME_CHARACTERS) {
    throw new SealroomError('USAGE_OPTION', 'expected the id of a template, got none or a longer text');
  }
  const template = manifest.templates.find((known) => known.id === id);
  return { text: template?.sql ?? '', context: { ...context, template: id, parameters } };
}
