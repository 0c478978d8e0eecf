import type { AttemptEvent, AuditRecord } from '../src/audit/index.ts';

/** A record as a line: number, time, what happened, who, and of what. */
export function describeRecord({ index, time, event }: AuditRecord): string {
  return `${String(index)}  ${time}  ${describeEvent(event)}`;
}

function describeEvent(event: AuditRecord['event']): string {
  switch (event.kind) {
    case 'start': {
      const tables = event.tables.map(({ table }) => quoted(table)).join(', ');
      return `start    ${quoted(event.member)}  ${tables}  ${event.attempt}`;
    }
    case 'attempt':
      return `${event.outcome.kind.padEnd(8)} ${quoted(event.member)}  ${describeOutcome(event)}  ${event.attempt}`;
    case 'manifest':
      return `manifest ${event.manifestSha256}`;
    case 'load':
      return `load     ${quoted(event.table)} of ${quoted(event.owner)}  ${String(event.rows)} rows  ${event.snapshotSha256}`;
    case 'remove':
      return `remove   ${quoted(event.table)} of ${quoted(event.owner)}  ${String(event.rows)} rows  ${event.snapshotSha256}`;
    case 'repair':
      return `repair   ${String(event.removedBytes)} bytes of an unfinished record were removed`;
  }
}

function describeOutcome({ outcome, findings, receivers }: AttemptEvent): string {
  switch (outcome.kind) {
    case 'refused':
      return findings.map(({ code }) => code).join(', ');
    case 'released':
      return `${String(outcome.rows)} rows to ${receivers.map(quoted).join(', ')}, ${outcome.duration}`;
    case 'failed':
      return `${outcome.code}, ${outcome.duration}`;
  }
}

/** A name on one line, whatever characters it has. */
function quoted(name: string): string {
  return /^[\w.-]+$/.test(name) ? name : JSON.stringify(name);
}
