// Checks that every clause of the specifications in docs/ is cited above the code that fulfils it and repeated in a test's
// title.
//
//   node scripts/check-clauses.mjs [root of the repository]
//
// clause    a paragraph of docs/format.md that starts with **F-12**, and so on for the others
// citation  //= format F-12            in src/ or cli/; several with commas: //= format F-12, F-13
// test      test('F-12 the claim')     in test/; also it and describe, .each and .for; a skipped test proves nothing
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';

/** The specifications, docs/<name>.md, by the letter of their clauses. */
const NAMES = /** @type {const} */ ({ F: 'format', A: 'audit', R: 'rules', E: 'exchange' });

const LETTERS = Object.keys(NAMES).join('');
const CLAUSE = new RegExp(`^(?:[-*] )?\\*\\*([${LETTERS}]-\\d+)\\*\\*`, 'gm');
const CITATION = new RegExp(
  `^\\s*//= (?:${Object.entries(NAMES)
    .map(([letter, name]) => `${name} (?=${letter})`)
    .join('|')})(([${LETTERS}])-\\d+(?:, \\2-\\d+)*)\\s*$`,
);
const CITATION_ATTEMPT = new RegExp(`//\\s*=\\s*(?:${Object.values(NAMES).join('|')})\\b`);
const TITLE = new RegExp(`^(([${LETTERS}])-\\d+(?:, \\2-\\d+)*) \\S`);
const TEST_FUNCTIONS = new Set(['test', 'it', 'describe']);
const SKIPPING = new Set(['skip', 'skipIf', 'runIf', 'todo']);

/** @typedef {{ clause: string, place: string }} Mention */

const root = process.argv[2] ?? process.cwd();
/** @type {string[]} */
const problems = [];

const clauses = Object.entries(NAMES).flatMap(([letter, name]) => readClauses(letter, name));
const citations = typescriptFiles('src').concat(typescriptFiles('cli')).flatMap(citationsOf);
const titles = typescriptFiles('test').flatMap(titlesOf);

for (const { clause, place } of [...citations, ...titles]) {
  if (!clauses.includes(clause)) problems.push(`${place}: \`${clause}\` is not a clause of ${fileOf(clause)}`);
}
for (const clause of clauses) {
  if (!citations.some((citation) => citation.clause === clause))
    problems.push(`\`${clause}\` is cited nowhere in src/ or cli/`);
  if (!titles.some((title) => title.clause === clause)) problems.push(`\`${clause}\` begins no test's title`);
}

for (const problem of problems) console.error(`error: ${problem}`);
console.log(
  `clauses: ${clauses.length} clauses, ${citations.length} citations, ${titles.length} test titles, ${problems.length} problems`,
);
process.exitCode = problems.length === 0 ? 0 : 1;

/**
 * @param {string} letter
 * @param {string} name
 * @returns {string[]}
 */
function readClauses(letter, name) {
  const file = `docs/${name}.md`;
  const path = join(root, file);
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const found = [...text.matchAll(CLAUSE)].map((match) => match[1] ?? '');
  for (const clause of new Set(found.filter((known, index) => found.indexOf(known) !== index))) {
    problems.push(`${file}: \`${clause}\` is defined more than once`);
  }
  if (found.length === 0) problems.push(`${file}: expected clauses such as \`**${letter}-1** ...\`, got none`);
  return [...new Set(found)];
}

/**
 * The file that a clause belongs in.
 *
 * @param {string} clause
 */
function fileOf(clause) {
  const name = Object.entries(NAMES).find(([letter]) => clause.startsWith(letter))?.[1];
  return `docs/${name}.md`;
}

/**
 * @param {string} folder
 * @returns {string[]}
 */
function typescriptFiles(folder) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/**
 * @param {string} file
 * @returns {Mention[]}
 */
function citationsOf(file) {
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line, index) => {
      const place = `${relative(root, file)}:${index + 1}`;
      const cited = CITATION.exec(line)?.[1];
      if (cited !== undefined) return cited.split(', ').map((clause) => ({ clause, place }));
      if (CITATION_ATTEMPT.test(line))
        problems.push(`${place}: expected a line such as \`//= format F-1, F-2\`, got \`${line.trim()}\``);
      return [];
    });
}

/**
 * @param {string} file
 * @returns {Mention[]}
 */
function titlesOf(file) {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  /** @type {Mention[]} */
  const found = [];
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isCallExpression(node)) found.push(...mentionsOf(node));
    ts.forEachChild(node, visit);
  };
  /** @param {ts.CallExpression} call */
  const mentionsOf = (call) => {
    const [title] = call.arguments;
    if (title === undefined || !isTest(call.expression)) return [];
    const text = ts.isTemplateExpression(title) ? title.head.text : ts.isStringLiteralLike(title) ? title.text : '';
    const line = source.getLineAndCharacterOfPosition(call.getStart()).line + 1;
    const named = TITLE.exec(text)?.[1]?.split(', ') ?? [];
    return named.map((clause) => ({ clause, place: `${relative(root, file)}:${line}` }));
  };
  visit(source);
  return found;
}

/**
 * Whether a callee is `test`, `it` or `describe`, or built from one: `test.each(rows)`, `test.concurrent`.
 *
 * @param {ts.Expression} callee
 * @returns {boolean}
 */
function isTest(callee) {
  if (ts.isIdentifier(callee)) return TEST_FUNCTIONS.has(callee.text);
  if (ts.isPropertyAccessExpression(callee)) return !SKIPPING.has(callee.name.text) && isTest(callee.expression);
  if (ts.isCallExpression(callee)) return isTest(callee.expression);
  return ts.isTaggedTemplateExpression(callee) && isTest(callee.tag);
}
