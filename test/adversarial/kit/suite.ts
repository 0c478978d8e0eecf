import { createPrivateKey, type KeyObject } from 'node:crypto';
import { approveTemplate, type Manifest, parseManifest, printPublicKey } from 'sealroom/collab';
import type { CheckContext } from 'sealroom/query';
import type { AdversarialFile, FileCase, FileContext } from './file.ts';

/** A signing key that everybody knows; `seed` is a byte. */
function keyOf(seed: number): KeyObject {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, seed)]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

/** The parts of a case that its verdict follows from, besides the text. */
export type CaseContext = Pick<FileCase, 'context' | 'template' | 'parameters' | 'submitter' | 'usedQueries'>;

/** An adversarial file in the terms of the public API. */
export class AdversarialSuite {
  readonly file: AdversarialFile;
  readonly #keys: ReadonlyMap<string, KeyObject>;
  readonly #manifests = new Map<string, Manifest>();

  constructor(file: AdversarialFile) {
    this.file = file;
    this.#keys = new Map(file.members.map(({ id }, index) => [id, keyOf(index + 1)]));
  }

  /** The context of a name in the file. */
  contextOf(name: string): FileContext {
    const context = this.file.contexts[name];
    if (context === undefined) throw new Error(`no context ${name}`);
    return context;
  }

  /**
   * The manifest of a context, with the templates approved by who approved them.
   *
   * @throws {SealroomError} MANIFEST_* if there is no valid one.
   */
  manifestOf(context: FileContext): Manifest {
    const unsigned = parseManifest(this.#printManifest(context, new Map()));
    const approvals = new Map(
      Object.values(this.file.templates).map(({ id, approvedBy }) => [
        id,
        approvedBy.map((member) => approveTemplate(unsigned, id, member, this.#keyOf(member), new Date(0))),
      ]),
    );
    return parseManifest(this.#printManifest(context, approvals));
  }

  /**
   * What `checkQuery` needs for a case.
   *
   * @throws {SealroomError} as {@link AdversarialSuite.manifestOf}
   */
  checkContextOf(each: CaseContext): CheckContext {
    const context = this.contextOf(each.context);
    const budgets = Object.entries(context.accessBudgets ?? {}).map(
      ([table, list]) =>
        [table, Math.min(...list.map(({ budget }) => budget)) - (each.usedQueries?.[table] ?? 0)] as const,
    );
    return {
      manifest: this.#sharedManifest(each.context),
      member: each.submitter ?? context.queryingMember,
      receivers: context.receivers,
      template: each.template,
      parameters: each.parameters,
      budgetsLeft: new Map(budgets),
    };
  }

  /** The SQL of a case: that of its template where it names one. */
  sqlOf({ sql, template }: Pick<FileCase, 'sql' | 'template'>): string {
    return template === undefined ? sql : (this.file.templates[template]?.sql ?? sql);
  }

  /** Whether a case waits for differential privacy, which a manifest cannot ask for yet. */
  needsDifferentialPrivacy(each: FileCase): boolean {
    const { dp, policies } = this.contextOf(each.context);
    return dp !== undefined || JSON.stringify(policies).includes('"differentialPrivacy"');
  }

  #sharedManifest(name: string): Manifest {
    const manifest = this.#manifests.get(name) ?? this.manifestOf(this.contextOf(name));
    this.#manifests.set(name, manifest);
    return manifest;
  }

  #keyOf(member: string): KeyObject {
    const key = this.#keys.get(member);
    if (key === undefined) throw new Error(`no member ${member}`);
    return key;
  }

  #printManifest(context: FileContext, approvals: ReadonlyMap<string, readonly object[]>): string {
    const { settings, members, tables, templates } = this.file;
    return JSON.stringify({
      version: 1,
      id: '7a2c1e9e-3f5b-4b1e-9f0e-0d6a1d1c2b33',
      name: 'Spring campaign',
      settings: { ...settings, ...context.settings },
      members: members.map((member) => ({ ...member, publicKeys: { sign: printPublicKey(this.#keyOf(member.id)) } })),
      tables: Object.keys(tables).map((name) => this.#tableEntry(name, context)),
      templates: Object.values(templates).map(({ id, sql, parameters }) => {
        const own = approvals.get(id);
        return { id, sql, parameters, ...(own === undefined ? {} : { approvals: own }) };
      }),
    });
  }

  #tableEntry(name: string, context: FileContext): object {
    const table = this.file.tables[name];
    const policy = context.policies[name];
    const type = Object.keys(policy?.v1 ?? {})[0]?.toUpperCase();
    const budgets = context.accessBudgets?.[name];
    return {
      name,
      owner: table?.owner,
      columns: Object.entries(table?.columns ?? {}).map(([column, { type: sqlType, kind }]) => ({
        name: column,
        protection: kind,
        type: sqlType,
      })),
      ...(policy === undefined ? {} : { analysisRule: { type, policy } }),
      ...(budgets === undefined ? {} : { accessBudgets: budgets }),
    };
  }
}
