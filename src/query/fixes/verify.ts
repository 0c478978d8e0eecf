import type { Verdict } from '../check-query.ts';
import { applyFix } from '../findings/apply-fix.ts';
import type { Finding, Suggestion } from '../findings/finding.ts';

type Refusal = Extract<Verdict, { readonly allowed: false }>;

/** Checks another text as the first one was checked. */
type Check = (text: string) => Promise<Verdict>;

/** The most texts that are checked for one verdict. */
const MAX_CHECKS = 16;

/** The most fixes that are applied one after the other. */
const MAX_STEPS = 6;

/** A text and its verdict. */
interface Checked {
  readonly text: string;
  readonly verdict: Verdict;
}

/** Checks texts, each once, up to a number of them and as long as it may. */
class Checker {
  readonly #check: Check;
  readonly #mayCheck: () => boolean;
  readonly #known = new Map<string, Checked>();
  #left = MAX_CHECKS;

  constructor(check: Check, mayCheck: () => boolean) {
    this.#check = check;
    this.#mayCheck = mayCheck;
  }

  /** The verdict on the text after the fix of a finding; `null` without a fix, or if no more texts may be checked. */
  async after(text: string, { fix }: Finding): Promise<Checked | null> {
    if (fix === undefined) return null;
    const fixed = applyFix(text, fix);
    const known = this.#known.get(fixed);
    if (known !== undefined) return known;
    if (this.#left === 0 || !this.#mayCheck()) return null;
    this.#left -= 1;
    const checked = { text: fixed, verdict: await this.#check(fixed) };
    this.#known.set(fixed, checked);
    return checked;
  }
}

/** A refused text. */
interface Refused extends Checked {
  readonly verdict: Refusal;
}

/** The first text after a fix that was not seen before and has at most so many findings. */
async function findStep(
  { text, verdict }: Refused,
  most: number,
  checker: Checker,
  seen: ReadonlySet<string>,
): Promise<(Checked & { readonly change: string | null }) | null> {
  for (const finding of verdict.findings) {
    const after = await checker.after(text, finding);
    if (after === null || after.verdict.findings.length > most || seen.has(after.text)) continue;
    return { ...after, change: finding.fix?.changes ?? null };
  }
  return null;
}

/** Applies one fix after the other, until the query is allowed; `null` if it does not come to that. */
async function findAllowed(text: string, refusal: Refusal, checker: Checker): Promise<Suggestion | null> {
  const changes = new Set<string>();
  const seen = new Set([text]);
  let now: Refused = { text, verdict: refusal };
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const { findings } = now.verdict;
    // A finding that is gone can have hidden another one.
    const next =
      (await findStep(now, findings.length - 1, checker, seen)) ??
      (await findStep(now, findings.length, checker, seen));
    if (next === null) return null;
    const { text: fixed, verdict, change } = next;
    if (change !== null) changes.add(change);
    if (verdict.allowed) return Object.freeze({ sql: fixed, changes: Object.freeze([...changes]) });
    seen.add(fixed);
    now = { text: fixed, verdict };
  }
  return null;
}

/**
 * Keeps the fixes of a refusal after which the text has fewer findings, and looks for a query that is allowed by applying them one
 * after the other. All texts are checked with `check`, which a caller limits as it limits the first check; what is not checked is not
 * offered.
 */
//= rules R-68
export async function verifyFixes(
  text: string,
  verdict: Verdict,
  check: Check,
  mayCheck: () => boolean = () => true,
): Promise<Verdict> {
  if (verdict.allowed) return verdict;
  const checker = new Checker(check, mayCheck);
  const findings: Finding[] = [];
  for (const finding of verdict.findings) {
    const after = await checker.after(text, finding);
    const { fix, ...bare } = finding;
    const isLess = after !== null && after.verdict.findings.length < verdict.findings.length;
    findings.push(fix !== undefined && isLess ? finding : Object.freeze(bare));
  }
  const suggestion = await findAllowed(text, verdict, checker);
  return Object.freeze({
    ...verdict,
    findings: Object.freeze(findings),
    ...(suggestion === null ? {} : { suggestion }),
  });
}
