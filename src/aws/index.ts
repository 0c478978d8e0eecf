/** What all clients of AWS have in common: their optional packages, and the failures that every service can answer with. */
export { awsFailureOf, loadAwsSdk } from './sdk.ts';
