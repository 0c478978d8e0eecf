import type { FindingText } from './finding-text.ts';
import { RULE_FINDINGS } from './rule-findings.ts';
import { SHAPE_FINDINGS } from './shape-findings.ts';

/**
 * Every reason why a query can be refused, with the texts that `docs/rules.md` repeats. The codes are stable.
 *
 * Source: `docs/rules.md`, which a test keeps equal to this list.
 */
export const FINDINGS = { ...SHAPE_FINDINGS, ...RULE_FINDINGS } as const satisfies Readonly<
  Record<string, FindingText>
>;

/** A key of {@link FINDINGS}. */
export type FindingCode = keyof typeof FINDINGS;

function isFindingCode(text: string): text is FindingCode {
  return Object.hasOwn(FINDINGS, text);
}

/** The codes, in the order of the documentation. */
export const FINDING_CODES: readonly FindingCode[] = Object.freeze(Object.keys(FINDINGS).filter(isFindingCode));
