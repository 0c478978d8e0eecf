import type { ManifestTable } from '../../collab/index.ts';
import { quoteForMessage } from '../../errors/index.ts';
import type { Findings, Span } from '../findings/finding.ts';
import type { CheckContext } from './rule-context.ts';

/** Checks that the member may ask queries, and that the receivers may receive results. */
export function checkRoles({ manifest, member, receivers }: CheckContext, whole: Span, found: Findings): void {
  //= rules R-11
  const canQuery = manifest.members.some((each) => each.id === member && each.abilities.includes('CAN_QUERY'));
  if (!canQuery)
    found.add('ROLE_CANNOT_QUERY', whole, `${quoteForMessage(member)} does not have the ability \`CAN_QUERY\``);
  if (receivers.length === 0) found.add('RECEIVER_NOT_ALLOWED', whole, 'the query has no receiver');
  const refused = receivers.filter(
    (receiver) =>
      !manifest.members.some((each) => each.id === receiver && each.abilities.includes('CAN_RECEIVE_RESULTS')),
  );
  if (refused.length === 0) return;
  const names = refused.map(quoteForMessage).join(', ');
  found.add('RECEIVER_NOT_ALLOWED', whole, `${names} cannot receive results`);
}

/** Checks that a table can be queried, for these receivers, and that its budget is not used up. */
export function checkTable(table: ManifestTable, span: Span, context: CheckContext, found: Findings): void {
  const { name } = table;
  if (table.rule === null) {
    found.add('NO_RULE', span, `\`${name}\` has no analysis rule`);
    return;
  }
  //= rules R-12
  const refused = context.receivers.filter((receiver) => !table.receivers.includes(receiver));
  if (refused.length > 0) {
    const names = refused.map(quoteForMessage).join(', ');
    found.add('RECEIVER_NOT_ALLOWED', span, `\`${name}\` does not allow results for ${names}`, {
      rule: { table: name, key: 'allowedResultReceivers' },
    });
  }
  //= rules R-14
  const left = context.budgetsLeft?.get(name);
  if (left === undefined || left >= 1) return;
  found.add('ACCESS_BUDGET', span, `the access budget of \`${name}\` is used up`, {
    rule: { table: name, key: 'accessBudgets' },
  });
}
