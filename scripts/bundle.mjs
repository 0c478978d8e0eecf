// Makes dist/bin/ of dist/cli and dist/src: the command line in few files, because to find and load hundreds of modules takes longer
// than what most commands do (docs/decisions/027-the-command-is-bundled.md). Not minified, with source maps, and with the licences of
// the packages that it contains.
//
//   node scripts/bundle.mjs
import { build } from 'esbuild';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = join(ROOT, 'dist');
const TARGET = join(DIST, 'bin');
const NOTICES = 'LICENSES.txt';

/** Packages that stay outside: native code, what is optional, and large lists of words that only new passphrases need. */
const OUTSIDE = ['@duckdb/*', 'fs-native-extensions', 'pkcs11js', '@aws-sdk/*', '@zxcvbn-ts/*'];

/** How code names a file that lies beside it: the script of a thread or of a process, or data. */
const BESIDE = /new URL\('(\.[^']+)', import\.meta\.url\)/g;

/** Packages that are CommonJS ask for Node's modules by `require`, which a module does not have. */
const REQUIRE = `import { createRequire as requireOf } from 'node:module';\nconst require = requireOf(import.meta.url);`;

/**
 * The name in the bundle of a file of `dist/`. All files of the bundle are in one folder: then an address relative to one of them is the
 * same for all, whichever of them gets the code.
 *
 * @param {string} path
 */
function nameOf(path) {
  return relative(DIST, path)
    .replaceAll(sep, '/')
    .replace(/^(src|cli)\//, '')
    .replaceAll('/', '-');
}

/** Every script of `dist/` that code starts as a thread or as a process, or reads as data: all that is named as {@link BESIDE}. */
function findNamed() {
  const modules = ['src', 'cli'].flatMap((folder) =>
    readdirSync(join(DIST, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.js'))
      .map((name) => join(DIST, folder, name)),
  );
  return new Set(
    modules.flatMap((module) =>
      [...readFileSync(module, 'utf8').matchAll(BESIDE)].map(([, name = '']) => resolve(dirname(module), name)),
    ),
  );
}

/** Our modules name files by where they are in the bundle. @type {import('esbuild').Plugin} */
const addresses = {
  name: 'addresses',
  setup(esbuild) {
    esbuild.onLoad({ filter: /[\\/]dist[\\/](src|cli)[\\/].*\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replaceAll(
        BESIDE,
        (_, name) => `new URL('./${nameOf(resolve(dirname(path), name))}', import.meta.url)`,
      ),
    }));
  },
};

/** The folder of the package that a file belongs to; `null` for a file of ours. @param {string} path */
function packageOf(path) {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? null;
}

/**
 * Refuses `await import('a-package')` of CommonJS: there the bundler gives the default export alone. A module of ours that imports the
 * package can be imported so.
 *
 * @param {import('esbuild').Metafile} metafile
 */
function requireModules({ inputs }) {
  for (const [file, { imports }] of Object.entries(inputs)) {
    for (const { path, kind } of imports) {
      if (kind === 'dynamic-import' && inputs[path]?.format === 'cjs')
        throw new Error(`${file} imports ${path}, which is CommonJS, in an expression`);
    }
  }
}

/** Name, version and licence of a package, with the texts that its authors ask to be passed on. @param {string} folder */
function noticeOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8'));
  const texts = readdirSync(join(ROOT, folder))
    .filter((file) => /^(licen[cs]e|notice)/i.test(file))
    .sort()
    .map((file) => readFileSync(join(ROOT, folder, file), 'utf8').trim());
  if (texts.length === 0) throw new Error(`${name} has no file with its licence, and cannot be part of the bundle`);
  return [`${name} ${version} (${license})`, ...texts].join('\n\n');
}

/** A source map without the texts of packages, which every installation has. @param {string} text */
function withoutPackages(text) {
  const map = JSON.parse(text);
  map.sourcesContent = map.sources.map((/** @type {string} */ source, /** @type {number} */ index) =>
    packageOf(source) === null ? map.sourcesContent[index] : null,
  );
  return JSON.stringify(map);
}

const named = [...findNamed()];
const scripts = named.filter((path) => path.endsWith('.js'));
const { outputFiles, metafile } = await build({
  absWorkingDir: ROOT,
  entryPoints: {
    sealroom: join(DIST, 'cli', 'main.js'),
    ...Object.fromEntries(scripts.map((path) => [basename(nameOf(path), '.js'), path])),
  },
  outdir: TARGET,
  chunkNames: '[name]-[hash]',
  bundle: true,
  splitting: true,
  write: false,
  metafile: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  sourcemap: 'linked',
  legalComments: 'none',
  external: OUTSIDE,
  banner: { js: REQUIRE },
  plugins: [addresses],
  logLevel: 'error',
});

requireModules(metafile);
const files = new Map(
  outputFiles.map(({ path, text }) => [basename(path), path.endsWith('.map') ? withoutPackages(text) : text]),
);
for (const path of named.filter((each) => !scripts.includes(each))) files.set(nameOf(path), readFileSync(path, 'utf8'));
const packages = new Set(Object.keys(metafile.inputs).flatMap((path) => packageOf(path) ?? []));
files.set(
  NOTICES,
  `${[...packages]
    .sort()
    .map(noticeOf)
    .join(`\n\n${'-'.repeat(80)}\n\n`)}\n`,
);

mkdirSync(TARGET, { recursive: true });
for (const [name, text] of files)
  writeFileSync(join(TARGET, name), text, { mode: name === 'sealroom.js' ? 0o755 : 0o644 });
for (const name of readdirSync(TARGET)) if (!files.has(name)) rmSync(join(TARGET, name), { recursive: true });
