/** What all clients of AWS have in common: their optional packages, and the failures of every service. */
export { awsFailureOf, explainAwsFailure, loadAwsSdk } from './sdk.ts';
