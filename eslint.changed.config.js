// The rules of the linter without those that need types, which take longer than all others, for `npm run check:changed`.
import tseslint from 'typescript-eslint';
import { ALL_RULES } from './eslint.config.js';

export default tseslint.config(ALL_RULES, {
  files: ['**/*.ts'],
  extends: [tseslint.configs.disableTypeChecked],
});
