import type { FindingCode } from '../findings/codes.ts';
import type { Finding, Fix } from '../findings/finding.ts';
import {
  fixAggregate,
  fixCount,
  fixDistinctCount,
  fixGroup,
  fixNoAggregate,
  fixShownFingerprint,
} from './aggregates.ts';
import { fixFanOut, fixJoin } from './joins.ts';
import { fixColumn, fixFunction, fixShadow, fixTable } from './names.ts';
import { fixDate, fixDistinct, fixNotDistinct, fixStar } from './shapes.ts';
import { type RefusedText, Site } from './site.ts';
import { tokensOf } from './tokens.ts';

/** The ways to mend a finding, the best first. A code that is not here has none. */
const FIXES: Partial<Record<FindingCode, readonly ((site: Site) => Fix | null)[]>> = {
  AGG_ARG: [fixCount],
  AGG_FUNCTION: [fixAggregate],
  AGG_NOT_ALLOWED: [fixDistinctCount],
  AGG_REQUIRED: [fixNoAggregate],
  ALIAS_SHADOWS_COLUMN: [fixShadow],
  DISTINCT: [fixDistinct],
  DISTINCT_REQUIRED: [fixNotDistinct],
  FAN_OUT: [fixFanOut],
  FINGERPRINT_USE: [fixShownFingerprint],
  FUNCTION_NOT_ALLOWED: [fixAggregate, fixFunction],
  JOIN_TYPE: [fixJoin],
  LITERAL_FORMAT: [fixDate],
  NOT_GROUPED: [fixGroup],
  STAR: [fixStar],
  UNKNOWN_COLUMN: [fixColumn],
  UNKNOWN_TABLE: [fixTable],
};

/** The longest text that fixes are looked for in, in UTF-16 units. */
const MAX_LENGTH = 4000;

/** How many findings are looked at. */
const MAX_FINDINGS = 20;

/**
 * Adds the fixes that can be written mechanically. They are proposals: `verifyFixes` keeps those after which the text has a finding
 * less. They contain names of the manifest and parts of the text, and nothing else.
 */
export function suggestFixes(refused: RefusedText, findings: readonly Finding[]): readonly Finding[] {
  if (refused.text.length > MAX_LENGTH) return findings;
  const tokens = tokensOf(refused.text, refused.manifest.dialect);
  return findings.map((finding, index) => {
    const ways = index < MAX_FINDINGS ? (FIXES[finding.code] ?? []) : [];
    const site = ways.length === 0 ? null : Site.of(refused, tokens, finding);
    if (site === null) return finding;
    for (const way of ways) {
      const fix = way(site);
      if (fix !== null) return Object.freeze({ ...finding, fix });
    }
    return finding;
  });
}
