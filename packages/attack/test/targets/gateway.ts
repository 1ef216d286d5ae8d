import { openStrong } from './strong.ts';
import { welcome, type Seen, type Target } from './target.ts';

/** Servers that let in requests without any credential, because something in front of them should have looked. */
export const gatewayTargets: readonly Target[] = [
  open('user-header-believed', {
    flaw: 'takes the user from X-Forwarded-User, and can be reached without the gateway that sets it',
    finds: ['audience/gateway-header-x-forwarded-user'],
    isLetIn: ({ headers }) => headers['x-forwarded-user'] !== undefined,
  }),
  open('loopback-header-believed', {
    flaw: 'lets in what comes from 127.0.0.1, and believes X-Forwarded-For about it',
    finds: ['audience/gateway-header-x-forwarded-for'],
    isLetIn: ({ headers }) => headers['x-forwarded-for'] === '127.0.0.1',
  }),
  open('guard-before-normalising', {
    flaw: 'the guard compares the path as it came, and the router normalises it afterwards',
    finds: [
      'audience/gateway-path-two-slashes',
      'audience/gateway-path-up-and-down',
      'audience/gateway-path-',
    ],
    isLetIn: ({ url }) => {
      const [path = ''] = url.split('?');
      return path !== '/me' && normalised(path) === '/me';
    },
  }),
];

interface Open extends Pick<Target, 'finds'> {
  readonly flaw: string;
  readonly isLetIn: (request: Seen) => boolean;
}

/** A server that lets in some requests without any credential. */
function open(name: string, { flaw, finds, isLetIn }: Open): Target {
  return {
    name,
    flaw,
    finds,
    runs: ['audience/'],
    carrier: 'bearer',
    start: async (house) => {
      const strong = await openStrong(house);
      return {
        ...strong,
        handle: (request) => (isLetIn(request) ? welcome({ sub: 'alice' }) : strong.handle(request)),
      };
    },
  };
}

function normalised(path: string): string {
  const { pathname } = new URL(path.replace(/^[/\\]+/, '/'), 'http://localhost');
  return decodeURIComponent(pathname).toLowerCase().replace(/\/$/, '').replace(/;.*$/, '');
}
