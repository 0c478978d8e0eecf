import { stringify } from 'yaml';
import { type CollaborationSettings, HIGH_ASSURANCE, SETTING_NAMES } from './settings.ts';

/** What the draft of a manifest needs. */
export interface DraftParts {
  /** UUID in lower case. */
  readonly id: string;
  readonly name: string;
  /** Ids; the first member asks the queries, receives the results and pays. */
  readonly members: readonly string[];
  /** Default: all are off. */
  readonly settings?: CollaborationSettings | undefined;
}

const TABLES = `
# Each owner adds its tables, with \`sealroom collab add-table\`. Only columns that the analysis rule names are loaded into the room.
#  - name: impressions
#    owner: pub
#    columns:
#      - { name: email_fingerprint, protection: fingerprint, type: VARCHAR, clearType: STRING }
#      - { name: region, protection: cleartext, type: VARCHAR }
#    analysisRule: # as AWS Clean Rooms has it: AGGREGATION, LIST or CUSTOM
#      type: AGGREGATION
#      policy:
#        v1:
#          aggregation:
#            aggregateColumns: [{ columnNames: [email_fingerprint], function: COUNT_DISTINCT }]
#            joinColumns: [email_fingerprint]
#            joinRequired: QUERY_RUNNER
#            dimensionColumns: [region]
#            scalarFunctions: []
#            outputConstraints: [{ columnName: email_fingerprint, minimum: 100, type: COUNT_DISTINCT }]
#            x-foreignMeasures: deny # with allow, one query can test everybody whom the asking member can name
#    accessBudgets: [{ type: LIFETIME, budget: 1000 }]
tables: []
`;

function draftMember(id: string, isFirst: boolean): string {
  return `  - id: ${id}
    displayName: ${id}
    abilities: [${isFirst ? 'CAN_QUERY, CAN_RECEIVE_RESULTS' : ''}]
    payer: ${String(isFirst)}
    publicKeys: {} # \`sealroom collab add-member <card>\` puts the hash of the member's card here
`;
}

/** The text of a new manifest: YAML, with comments that say what to fill in. */
export function draftManifest({ id, name, members, settings: chosen = HIGH_ASSURANCE }: DraftParts): string {
  const settings = SETTING_NAMES.map((setting) => `  ${setting}: ${String(chosen[setting])}\n`).join('');
  return `# What the members of a collaboration agree on. It holds no secret. See docs/manifest.md.
version: 1
${stringify({ id, name }, { lineWidth: 0 })}
# How tables are encrypted: \`sealroom encrypt --manifest\` takes it from here.
settings:
${settings}
# Which secret they are encrypted with: \`sealroom collab secret\` writes \`secretIds\` into this file.

# The SQL of queries and templates: spark, as AWS Clean Rooms has it, or duckdb.
dialect: spark

members:
${members.map((member, index) => draftMember(member, index === 0)).join('')}${TABLES}`;
}
