// The rules of docs/code/conventions.md that a linter can check. Layers between folders are dependency-cruiser's (.dependency-cruiser.mjs).
import js from '@eslint/js';
import jsdoc from 'eslint-plugin-jsdoc';
import tseslint from 'typescript-eslint';
import { NODE_PLATFORM, PURE } from './.dependency-cruiser.mjs';

const TYPESCRIPT = ['**/*.ts'];
const PRODUCT = ['src/**/*.ts', 'cli/**/*.ts'];
const PURE_FILES = PURE.flatMap((path) => [`src/${path}/**/*.ts`, `src/${path}.ts`]);

const PURE_MESSAGE = 'These files do no I/O: take files, clock, randomness and environment as arguments.';

/** Syntax that the conventions forbid and no plugin has a rule for. */
const FORBIDDEN_SYNTAX = [
  {
    selector: 'TSEnumDeclaration',
    message: 'No enums: use a union of literals, or an object `as const`.',
  },
  {
    selector: 'ExportNamedDeclaration[source=null] > ExportSpecifier',
    message: 'A thing is exported where it is declared, under its docstring.',
  },
  {
    selector: 'ExportDefaultDeclaration',
    message: 'No default exports: a thing has the same name everywhere.',
  },
  {
    selector:
      ':matches(ImportDeclaration, ExportNamedDeclaration, ExportAllDeclaration, ImportExpression) > Literal.source[value=/^\\.{1,2}\\/.*(?<!\\.(ts|mjs|json))$/]',
    message: 'A relative import names its file with the .ts extension.',
  },
];

/** Ambient sources of time and chance, as member or constructor; the same thing under a global's name is in PURE_GLOBALS. */
const PURE_SYNTAX = [
  { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: PURE_MESSAGE },
  { selector: 'ImportExpression > Literal.source[value=/^node:/]', message: PURE_MESSAGE },
];

const PURE_GLOBALS = ['process', 'Buffer', 'console', 'fetch', 'performance', 'require', 'setTimeout', 'setInterval'];

/** All rules, with those that need types. */
export const ALL_RULES = tseslint.config(
  {
    ignores: [
      'dist/',
      'out/',
      'site/',
      'test/vectors/',
      'src/**/assembly/',
      'src/**/binary.ts',
      'src/crypto/kernels/native/sources.ts',
    ],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error', reportUnusedInlineConfigs: 'error' } },
  js.configs.recommended,
  {
    // The compiler knows which names exist; it reads these files too.
    files: ['**/*.mjs'],
    rules: { 'no-undef': 'off' },
  },
  {
    files: TYPESCRIPT,
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/consistent-type-assertions': [
        'error',
        { assertionStyle: 'as', objectLiteralTypeAssertions: 'never' },
      ],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-floating-promises': ['error', { ignoreVoid: false }],
      // Walking a text by code points is what the format's limits are about.
      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      // Two of the dearest rules, for what cannot be here: there are no enums, and classes have `#private` members, which the
      // compiler tells apart by the class.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      '@typescript-eslint/parameter-properties': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // A `default` is neither needed where a switch is complete nor a substitute for a missing case.
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        {
          allowDefaultCaseForExhaustiveSwitch: false,
          considerDefaultExhaustiveForUnions: false,
          requireDefaultForNonUnion: false,
        },
      ],
      eqeqeq: 'error',
      'no-restricted-syntax': ['error', ...FORBIDDEN_SYNTAX],
    },
  },
  {
    files: PRODUCT,
    plugins: { jsdoc },
    // Without the tests, whose types take most of the time.
    languageOptions: { parserOptions: { project: './tsconfig.build.json' } },
    settings: { jsdoc: { mode: 'typescript' } },
    rules: {
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      // A docstring speaks of the parameters that need words, not of all.
      'jsdoc/check-param-names': ['error', { disableMissingParamChecks: true, checkDestructured: false }],
      'jsdoc/check-tag-names': 'error',
      'jsdoc/no-types': 'error',
      'jsdoc/require-description': [
        'error',
        {
          contexts: ['any'],
          descriptionStyle: 'body',
          exemptedBy: ['inheritDoc', 'see', 'throws', 'returns', 'param'],
        },
      ],
      'jsdoc/require-jsdoc': [
        'error',
        {
          publicOnly: { ancestorsOnly: true, esm: true },
          enableFixer: false,
          require: { ClassDeclaration: true, FunctionDeclaration: true },
          contexts: [
            'ExportNamedDeclaration > VariableDeclaration',
            'ExportNamedDeclaration > TSInterfaceDeclaration',
            'ExportNamedDeclaration > TSTypeAliasDeclaration',
          ],
        },
      ],
    },
  },
  {
    files: PURE_FILES,
    ignores: [NODE_PLATFORM],
    rules: {
      'no-restricted-globals': ['error', ...PURE_GLOBALS.map((name) => ({ name, message: PURE_MESSAGE }))],
      '@typescript-eslint/no-restricted-imports': [
        'error',
        { patterns: [{ group: ['node:*'], message: PURE_MESSAGE, allowTypeImports: true }] },
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: PURE_MESSAGE },
        { object: 'Math', property: 'random', message: PURE_MESSAGE },
      ],
      'no-restricted-syntax': ['error', ...FORBIDDEN_SYNTAX, ...PURE_SYNTAX],
    },
  },
  {
    // Matchers of vitest are typed `any`, and a stand-in may be async only because its interface is.
    files: ['test/**/*.ts', 'bench/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    // Configuration files are read by their tools through the default export.
    files: ['*.config.ts', '*.config.js'],
    rules: { 'no-restricted-syntax': 'off' },
  },
);

/**
 * The rules of `npm run lint`. Those that need the types of tests take as long as many others together and are left to
 * `npm run lint:tests`, which CI runs.
 */
export default tseslint.config(ALL_RULES, {
  files: TYPESCRIPT,
  ignores: PRODUCT,
  extends: [tseslint.configs.disableTypeChecked],
});
