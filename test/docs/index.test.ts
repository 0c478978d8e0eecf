import { dirname, posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { anchorsOf, isThere, listFiles, localLinks, readText } from './repository.ts';

const FILES = listFiles();
const MARKDOWN = FILES.filter((file) => file.endsWith('.md') && !file.startsWith('test/vectors/'));

/** The links of the list entries of an index, as paths from the root. */
function listed(index: string): readonly string[] {
  return [...readText(index).matchAll(/^- \[[^\]]+\]\(([^)]+)\)/gm)].map((match) =>
    posix.join(dirname(index), match[1] ?? ''),
  );
}

test('docs/README.md lists every document once', () => {
  const documents = FILES.filter((file) => /^docs\/(code\/)?[^/]+\.md$/.test(file) && !file.endsWith('/README.md'));
  const entries = listed('docs/README.md');
  expect([...entries].sort()).toEqual([...documents, 'docs/decisions/README.md'].sort());
});

test('docs/decisions/README.md lists every decision once, in order, by its title', () => {
  const decisions = FILES.filter((file) => /^docs\/decisions\/\d{3}-/.test(file)).sort();
  expect(listed('docs/decisions/README.md')).toEqual(decisions);
  const index = readText('docs/decisions/README.md');
  for (const decision of decisions) {
    const title = /^# (\d{3}: .+)$/m.exec(readText(decision))?.[1];
    expect(index).toContain(`- [${String(title)}](${posix.basename(decision)})`);
  }
});

test('decisions are numbered from 001 on, and say situation, choice and what was given up', () => {
  const decisions = FILES.filter((file) => file.startsWith('docs/decisions/') && !file.endsWith('/README.md')).sort();
  decisions.forEach((decision, index) => {
    const number = String(index + 1).padStart(3, '0');
    expect(posix.basename(decision)).toMatch(new RegExp(`^${number}-[a-z0-9-]+\\.md$`));
    const headings = [...readText(decision).matchAll(/^(#{1,2} .+)$/gm)].map((match) => match[1]);
    expect(headings, decision).toEqual([
      expect.stringMatching(new RegExp(`^# ${number}: `)),
      '## Situation',
      '## Choice',
      '## What was given up',
    ]);
  });
});

describe('links', () => {
  test.each(MARKDOWN)('%s links only to what is there', (file) => {
    const broken = localLinks(readText(file)).filter((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? file : posix.join(dirname(file), path);
      return !isThere(target) || (anchor !== undefined && !anchorsOf(readText(target)).includes(anchor));
    });
    expect(broken).toEqual([]);
  });
});
