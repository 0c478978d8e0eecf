// Makes a release: checks, version, changelog, commit and tag. Nothing leaves this machine; the last lines say what to push.
//
//   npm run release -- patch|minor|major|<version>
//   node scripts/release.mjs --ready     what `npm publish` asks first: a clean tree, at the tag of its version, and the package of the
//                                        native kernel; it is then an optional dependency
//   node scripts/release.mjs --published what `npm publish` does last: package.json is again as it was
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const CHANGELOG = 'CHANGELOG.md';
const UNRELEASED = '## [Unreleased]';
const NATIVE_PACKAGE = './native/packages/linux-x64';

/** @param {string} message @returns {never} */
function refuse(message) {
  console.error(`error: ${message}`);
  process.exit(1);
}

/** @param {string} command @param {string[]} args */
const capture = (command, ...args) => execFileSync(command, args, { encoding: 'utf8' }).trim();

/** @param {string} command @param {string[]} args */
const run = (command, ...args) => execFileSync(command, args, { stdio: 'inherit' });

function requireCleanTree() {
  const changes = capture('git', 'status', '--porcelain');
  if (changes !== '') refuse(`the working tree has changes; commit or stash them first:\n${changes}`);
}

/** @returns {string} */
const version = () => JSON.parse(readFileSync('package.json', 'utf8')).version;

/** What the changelog says of the next release. @param {string} text */
function unreleased(text) {
  const start = text.indexOf(UNRELEASED);
  if (start < 0) refuse(`${CHANGELOG} has no section \`${UNRELEASED}\``);
  const from = start + UNRELEASED.length;
  const end = text.indexOf('\n## [', from);
  return text.slice(from, end < 0 ? text.length : end).trim();
}

/** @param {string} wanted */
function release(wanted) {
  requireCleanTree();
  const text = readFileSync(CHANGELOG, 'utf8');
  if (unreleased(text) === '') refuse(`${CHANGELOG} says nothing under \`${UNRELEASED}\`; write what is new`);
  run('npm', 'ci');
  run('npm', 'run', 'check');
  run('npm', 'test');
  run('npm', 'version', wanted, '--no-git-tag-version');
  const name = version();
  const heading = `${UNRELEASED}\n\n## [${name}] - ${new Date().toISOString().slice(0, 10)}`;
  writeFileSync(CHANGELOG, text.replace(UNRELEASED, heading));
  run(
    'git',
    'commit',
    '--quiet',
    '--message',
    `release: ${name}`,
    '--',
    'package.json',
    'package-lock.json',
    CHANGELOG,
  );
  run('node', 'scripts/build-native.mjs', '--packages');
  run('git', 'tag', '--annotate', '--message', `sealroom ${name}`, `v${name}`);
  console.log(
    `\nreleased ${name} here. To publish it:\n  git push --follow-tags\n  npm publish --provenance ${NATIVE_PACKAGE}\n  npm publish --provenance`,
  );
}

function requireReady() {
  requireCleanTree();
  const tag = `v${version()}`;
  const tags = capture('git', 'tag', '--points-at', 'HEAD').split('\n');
  if (!tags.includes(tag)) refuse(`this commit has no tag \`${tag}\`; make a release with \`npm run release\``);
  addNativePackage();
}

/** Names the native package, which was not published when the lock file was made, as an optional dependency of this version. */
function addNativePackage() {
  const path = `${NATIVE_PACKAGE}/package.json`;
  const native = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
  if (native.version !== version())
    refuse(`${NATIVE_PACKAGE} is not of this version; make it with \`node scripts/build-native.mjs --packages\``);
  const settings = JSON.parse(readFileSync('package.json', 'utf8'));
  settings.optionalDependencies = { ...settings.optionalDependencies, [native.name]: native.version };
  writeFileSync('package.json', `${JSON.stringify(settings, null, 2)}\n`);
}

const [argument, ...rest] = process.argv.slice(2);
if (argument === undefined || rest.length > 0) refuse('give one of patch, minor, major, or a version');
if (argument === '--ready') requireReady();
else if (argument === '--published') run('git', 'checkout', '--', 'package.json');
else release(argument);
