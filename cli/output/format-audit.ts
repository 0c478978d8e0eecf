import type { AttemptEvent, AuditRecord, KeyEvent } from '../../src/audit/index.ts';
import { countOf } from '../../src/errors/index.ts';

/** Describes a record in one line: number, time, event, and its details. */
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
      return `load     ${quoted(event.table)} of ${quoted(event.owner)}  ${countOf(event.rows, 'row')}  ${event.snapshotSha256}`;
    case 'remove':
      return `remove   ${quoted(event.table)} of ${quoted(event.owner)}  ${countOf(event.rows, 'row')}  ${event.snapshotSha256}`;
    case 'clock':
      return `clock    more than a day after the record before, of ${event.previousTime}`;
    case 'repair':
      return `repair   removed ${countOf(event.removedBytes, 'byte')} of an unfinished record`;
    case 'key':
      return describeKey(event);
  }
}

/** Describes what was done with a key, by whom and why. */
function describeKey(event: KeyEvent): string {
  const { action, member, actor, provider, key, collaborationId, generation, secretId, purpose, peer, file } = event;
  const parts = [
    `${action.padEnd(8)} ${quoted(member ?? actor ?? 'unknown')}`,
    `for ${quoted(purpose)}`,
    `secret ${secretId ?? 'none'}, generation ${String(generation ?? 'none')} of ${collaborationId}`,
    `key ${quoted(key)} (${provider})`,
    ...(peer === null ? [] : [`peer ${quoted(peer)}`]),
    ...(file === null ? [] : [`file ${file.sha256}, ${countOf(file.rows, 'row')}`]),
  ];
  return parts.join('  ');
}

function describeOutcome({ outcome, findings, receivers }: AttemptEvent): string {
  switch (outcome.kind) {
    case 'refused':
      return findings.map(({ code }) => code).join(', ');
    case 'released':
      return `${countOf(outcome.rows, 'row')} to ${receivers.map(quoted).join(', ')}, ${outcome.duration}`;
    case 'failed':
      return `${outcome.code}, ${outcome.duration}`;
  }
}

/** A name on one line, whatever its characters. */
function quoted(name: string): string {
  return /^[\w.:/+=-]+$/.test(name) ? name : JSON.stringify(name);
}
