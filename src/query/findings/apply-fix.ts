import type { Fix } from './finding.ts';

/** The text after a fix. */
export function applyFix(text: string, { edits }: Fix): string {
  let result = '';
  let end = 0;
  for (const { span, text: replacement } of edits) {
    result += text.slice(end, span.start) + replacement;
    ({ end } = span);
  }
  return result + text.slice(end);
}
