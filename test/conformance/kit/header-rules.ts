/** The form in which headers are compared: characters up to U+0020 removed at both ends, lower case. */
export function normaliseHeader(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text.charCodeAt(start) <= 0x20) start++;
  while (end > start && text.charCodeAt(end - 1) <= 0x20) end--;
  return text.slice(start, end).toLowerCase();
}

/** Whether a normalised header breaks C3R's naming rule. */
export function breaksNamingRule(header: string): boolean {
  return header.length > 128 || !/^[a-z0-9_](([a-z0-9_ ]+-)*([a-z0-9_ ]+))?$/u.test(header);
}
