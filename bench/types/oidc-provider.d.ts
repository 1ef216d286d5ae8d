// oidc-provider ships no types; these are the parts that the bench uses.
declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http';

  interface Saved {
    save(): Promise<string>;
  }

  interface Grant extends Saved {
    addResourceScope(resource: string, scope: string): void;
  }

  export class Provider {
    constructor(issuer: string, configuration: Record<string, unknown>);
    callback(): RequestListener;
    readonly Client: { find(id: string): Promise<object | undefined> };
    readonly Grant: new (properties: { accountId: string; clientId: string }) => Grant;
    readonly RefreshToken: new (properties: Record<string, unknown>) => Saved & { jkt?: string };
  }
}
