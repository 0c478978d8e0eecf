/** What all clients of AWS have in common: their optional packages, and the failures of every service. */
export { awsFailureOf, loadAwsSdk } from './sdk.ts';
