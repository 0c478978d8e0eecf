import { createServer, type Server } from 'node:http';
import { vi } from 'vitest';
import { stubAws } from '../support/aws.ts';

export const COLLABORATION = '7a2c1e9e-3f5b-4b1e-9f0e-0d6a1d1c2b33';
export const MEMBERSHIP = '11111111-2222-4333-8444-555555555555';
export const [BRAND, PUB] = ['111122223333', '444455556666'];
export const REACH_ARN = `arn:aws:cleanrooms:eu-central-1:${BRAND}:membership/${MEMBERSHIP}/analysistemplate/1`;

/** An answer of AWS: its body, or an error with the name that AWS gives it. */
export interface StandInAnswer {
  readonly status?: number;
  readonly error?: string;
  readonly body: unknown;
}

/** A request, as it arrived. */
export interface StandInRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

/** Answers a request; `null` for an address that is not known. */
export type StandInRoutes = (request: StandInRequest) => StandInAnswer | null;

/** A stand-in for the REST API of AWS Clean Rooms, at an address that the SDK of this process uses. */
export class StandIn implements AsyncDisposable {
  readonly requests: StandInRequest[] = [];
  routes: StandInRoutes;
  readonly #server: Server;

  private constructor(routes: StandInRoutes) {
    this.routes = routes;
    this.#server = createServer((incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://aws');
        const body: unknown = text === '' ? null : JSON.parse(text);
        const request = { method: incoming.method ?? '', path: pathname, query: searchParams, body };
        this.requests.push(request);
        const answer = this.routes(request) ?? { status: 404, error: 'ResourceNotFoundException', body: {} };
        response.writeHead(answer.status ?? 200, {
          'content-type': 'application/json',
          ...(answer.error === undefined ? {} : { 'x-amzn-errortype': answer.error }),
        });
        response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
      });
    });
  }

  static async start(routes: StandInRoutes): Promise<StandIn> {
    const aws = new StandIn(routes);
    const port = await new Promise<number>((resolve) => {
      aws.#server.listen(0, '127.0.0.1', () => {
        const address = aws.#server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
    vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${String(port)}`);
    stubAws();
    return aws;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    vi.unstubAllEnvs();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const SETTINGS = {
  allowCleartext: true,
  allowDuplicates: true,
  allowJoinsOnColumnsWithDifferentNames: false,
  preserveNulls: false,
};

const READY = { status: 'READY', analysisRuleType: 'AGGREGATION', analysisType: 'DIRECT_ANALYSIS' };

/** A table as BatchGetSchema has it. */
export function schemaOf(name: string, more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    name,
    type: 'TABLE',
    collaborationId: COLLABORATION,
    collaborationArn: `arn:aws:cleanrooms:eu-central-1:${PUB}:collaboration/${COLLABORATION}`,
    creatorAccountId: PUB,
    description: '',
    createTime: 1_700_000_000,
    updateTime: 1_700_000_000.5,
    analysisRuleTypes: ['AGGREGATION'],
    analysisMethod: 'DIRECT_QUERY',
    selectedAnalysisMethods: [],
    columns: [
      { name: 'person_fingerprint', type: 'string' },
      { name: 'region', type: 'varchar(64)' },
      { name: 'cost', type: 'decimal(18, 2)' },
    ],
    partitionKeys: [{ name: 'day', type: 'date' }],
    schemaStatusDetails: [READY],
    ...more,
  };
}

export const AGGREGATION = {
  v1: {
    aggregation: {
      aggregateColumns: [
        { columnNames: ['person_fingerprint'], function: 'COUNT_DISTINCT' },
        { columnNames: ['cost'], function: 'SUM' },
      ],
      joinColumns: ['person_fingerprint'],
      joinRequired: 'QUERY_RUNNER',
      dimensionColumns: ['region', 'day'],
      scalarFunctions: ['TRUNC', 'UPPER'],
      outputConstraints: [{ columnName: 'person_fingerprint', minimum: 100, type: 'COUNT_DISTINCT' }],
    },
  },
};

/** A custom rule of the release of August 2026, whose thresholds this release of the SDK does not know. */
const CUSTOM = {
  v1: {
    custom: {
      allowedAnalyses: [REACH_ARN, 'ANY_QUERY'],
      allowedAnalysisProviders: [BRAND],
      aggregationThresholds: [
        { identityColumns: ['person_fingerprint'], minimumIdentityCount: 50, type: 'COUNT_DISTINCT' },
      ],
    },
  },
};

/** What a collaboration consists of at AWS. */
export interface Recorded {
  collaboration: Record<string, unknown>;
  members: Record<string, unknown>[];
  schemas: Record<string, unknown>[];
  rules: Record<string, unknown>[];
  templates: Record<string, unknown>[];
}

/** A small collaboration, as AWS Clean Rooms describes it. */
export function recorded(): Recorded {
  return {
    collaboration: {
      id: COLLABORATION,
      name: 'Spring campaign',
      creatorAccountId: PUB,
      memberStatus: 'ACTIVE',
      dataEncryptionMetadata: SETTINGS,
      queryLogStatus: 'ENABLED',
      analyticsEngine: 'SPARK',
      createTime: 1_700_000_000,
    },
    members: [
      {
        accountId: BRAND,
        status: 'ACTIVE',
        displayName: 'Northwind Shoes',
        abilities: ['CAN_QUERY', 'CAN_RECEIVE_RESULTS'],
        paymentConfiguration: { queryCompute: { isResponsible: true } },
      },
      {
        accountId: PUB,
        status: 'ACTIVE',
        displayName: 'Daily Planet',
        abilities: [],
        paymentConfiguration: { queryCompute: { isResponsible: false } },
      },
    ],
    schemas: [
      schemaOf('impressions'),
      schemaOf('purchases', {
        creatorAccountId: BRAND,
        columns: [
          { name: 'person_fingerprint', type: 'string' },
          { name: 'amount', type: 'decimal(18,2)' },
        ],
        partitionKeys: [],
      }),
      schemaOf('visits', { analysisRuleTypes: ['CUSTOM'], schemaStatusDetails: [] }),
    ],
    rules: [
      { name: 'impressions', type: 'AGGREGATION', collaborationId: COLLABORATION, policy: AGGREGATION },
      {
        name: 'purchases',
        type: 'AGGREGATION',
        policy: {
          v1: {
            aggregation: {
              aggregateColumns: [{ columnNames: ['amount'], function: 'SUM' }],
              joinColumns: ['person_fingerprint'],
              dimensionColumns: [],
              scalarFunctions: [],
              outputConstraints: [{ columnName: 'person_fingerprint', minimum: 10, type: 'COUNT_DISTINCT' }],
            },
          },
        },
        collaborationPolicy: { v1: { aggregation: { allowedResultReceivers: [BRAND] } } },
      },
      { name: 'visits', type: 'CUSTOM', policy: CUSTOM },
    ],
    templates: [
      {
        arn: REACH_ARN,
        id: '1',
        name: 'Reach since',
        creatorAccountId: BRAND,
        format: 'SQL',
        schema: { referencedTables: ['visits'] },
        source: { text: 'SELECT region, COUNT(DISTINCT person_fingerprint) AS n FROM visits GROUP BY region' },
        analysisParameters: [],
      },
    ],
  };
}

function wanted(body: unknown, key: string): readonly unknown[] {
  const value: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, key) : [];
  return Array.isArray(value) ? value : [];
}

/** Pages of one item each, as a list with a token. */
function page(items: readonly unknown[], key: string, query: URLSearchParams): StandInAnswer {
  const index = Number(query.get('nextToken') ?? '0');
  const next = index + 1 < items.length ? { nextToken: String(index + 1) } : {};
  return { body: { [key]: items.slice(index, index + 1), ...next } };
}

/** Answers for a recorded collaboration, in the shapes of the REST API. */
export function routesOf(aws: Recorded): StandInRoutes {
  return ({ method, path, query, body }) => {
    switch (`${method} ${path.replace(`/collaborations/${COLLABORATION}`, '')}`) {
      case 'GET ':
        return { body: { collaboration: aws.collaboration } };
      case 'GET /members':
        return page(aws.members, 'memberSummaries', query);
      case 'GET /schemas':
        return page(aws.schemas, 'schemaSummaries', query);
      case 'POST /batch-schema': {
        const names = wanted(body, 'names');
        return { body: { schemas: aws.schemas.filter(({ name }) => names.includes(name)), errors: [] } };
      }
      case 'POST /batch-schema-analysis-rule': {
        const names = wanted(body, 'schemaAnalysisRuleRequests').map(
          (each) => Reflect.get(Object(each), 'name') as unknown,
        );
        return { body: { analysisRules: aws.rules.filter(({ name }) => names.includes(name)), errors: [] } };
      }
      case 'GET /analysistemplates':
        return page(aws.templates, 'collaborationAnalysisTemplateSummaries', query);
      case 'POST /batch-analysistemplates': {
        const arns = wanted(body, 'analysisTemplateArns');
        return {
          body: { collaborationAnalysisTemplates: aws.templates.filter(({ arn }) => arns.includes(arn)), errors: [] },
        };
      }
      default:
        return null;
    }
  };
}
