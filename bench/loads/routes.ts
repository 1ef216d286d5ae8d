import { importSigningKey, signProof, type SigningKey } from '@symbolon/token';
import { loadBench, type Load } from '../harness/load.ts';
import { pourEach, pourSame, requestText } from '../harness/pour.ts';
import { frameworks, type Framework, type RoutesMaterial } from '../routes.ts';
import { audience } from '../tokens.ts';

interface Holder {
  readonly token: string;
  readonly key: SigningKey;
}

interface Listening {
  readonly port: number;
}

const perMillisecond = 6; // whoever takes more has a shorter turn

loadBench(async (material: RoutesMaterial, servers: Readonly<Record<string, Listening>>) => {
  const holders = await Promise.all(
    material.bound.map(async ({ token, holder }) => ({ token, key: await importSigningKey(holder) })),
  );
  const [bearer = ''] = material.bearer;
  const portOf = (framework: Framework): number => servers[framework]?.port ?? 0;
  const same = (framework: Framework, path: string): Load => {
    const url = `http://127.0.0.1:${portOf(framework)}${path}`;
    const headers = { authorization: `Bearer ${bearer}` };
    return { pour: (milliseconds) => pourSame({ url, headers }, milliseconds) };
  };
  const loads = frameworks.flatMap((framework): [string, Load][] => [
    [`${framework}, open`, same(framework, '/open')],
    [`${framework}, idle middleware`, same(framework, '/idle')],
    [`${framework}, guarded, bearer`, same(framework, '/guarded')],
    [`${framework}, guarded, DPoP`, withProofs(portOf(framework), holders)],
  ]);
  const peer = same('Express', '/peer');
  return Object.fromEntries([...loads, ['Express, express-oauth2-jwt-bearer, bearer', peer]]);
});

function withProofs(port: number, holders: readonly Holder[]): Load {
  let made: { text: string }[] = [];
  return {
    make: async (milliseconds) => {
      made = [];
      for (let at = 0; at < milliseconds * perMillisecond; at++)
        made.push({ text: await provedRequest(holders, { at, port }) });
    },
    pour: (milliseconds) => pourEach(port, { milliseconds, next: () => made.pop() }),
  };
}

async function provedRequest(
  holders: readonly Holder[],
  { at, port }: { at: number; port: number },
): Promise<string> {
  const holder = holders[at % holders.length];
  if (holder === undefined) throw new TypeError('no holders');
  const { token, key } = holder;
  const url = `${audience}/guarded`;
  const dpop = await signProof({ method: 'GET', url, now: Date.now() / 1000, token }, key);
  const headers = { authorization: `DPoP ${token}`, dpop };
  return requestText({ method: 'GET', path: '/guarded', port, headers });
}
