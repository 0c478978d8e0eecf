// The rules of the linter with all that need types, for what `npm run lint` checks without them.
export { ALL_RULES as default } from './eslint.config.js';
