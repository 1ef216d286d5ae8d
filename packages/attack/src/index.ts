export { attack, choose } from './attack.ts';
export { battery } from './battery.ts';
export { isLoopback } from './authorisation.ts';
export type { Attack, Maps } from './attack-row.ts';
export {
  clientCredentials,
  type ClientCredentialsOptions,
  type OAuthClient,
} from './credentials/client-credentials.ts';
export type { Carrier, Credential, CredentialSource } from './credentials/credential.ts';
export { givenCredential, mintedCredentials } from './credentials/credentials.ts';
export type { Exchange, HeaderList, Reply, RequestParts } from './http/exchange.ts';
export { ed25519Key, forgeKeyFrom, rsaKey, type ForgeKey } from './keys/forge-key.ts';
export { startKeySetStage, type KeySetStage, type KeySetStageOptions } from './keys/key-set-stage.ts';
export { createHttpClient, type HttpClient } from './http/http.ts';
export { defaultLimits, type Limits } from './http/limits.ts';
export type { LinkedApplication } from './credentials/linked-application.ts';
export type { Need } from './run/need.ts';
export { needTexts } from './run/needs.ts';
export type { AttackOptions, Signer } from './options.ts';
export { createOwnKeys, type OwnKeys } from './keys/own-keys.ts';
export type { Patience } from './run/patience.ts';
export { curlOf } from './report/curl.ts';
export { htmlReport } from './report/html.ts';
export { jsonReport } from './report/json.ts';
export { junitReport } from './report/junit.ts';
export { sarifReport } from './report/sarif.ts';
export { progressLine, terminalReport } from './report/terminal.ts';
export { findings, type Report, type Result } from './report/report.ts';
export { refreshRequests, type RefreshRequestOptions } from './credentials/refresh-request.ts';
export { requirementOf, type Point, type Requirement, type Standing } from './run/summary.ts';
export { startTestIssuer, type TestIssuer, type TestIssuerOptions } from './credentials/test-issuer.ts';
export type { TokenClient } from './credentials/token-request.ts';
export { formCommand, tokenCommand, visitCommand } from './credentials/token-command.ts';
export type { Judgement, Verdict } from './run/verdict.ts';
