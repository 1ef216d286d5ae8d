import { unnamedSender } from './sender-networks.ts';

const hour = 3600 * 1000;

/** Tells the operator, once an hour, that the proxy does not do what `behindProxy` says of it; `clock` in ms. */
export function createUnnamedNotice(options: {
  clock: () => number;
  report: (fault: { path: string; error: unknown }) => void;
}): (address: string | undefined, path: string) => void {
  let toldAt: number | undefined;
  return (address, path) => {
    const now = options.clock();
    if (address !== unnamedSender || (toldAt !== undefined && now - toldAt < hour)) return;
    toldAt = now;
    const what =
      'the proxy named nobody in X-Forwarded-For, so whom it does not name is one sender: let it add the address of whoever is connected to it';
    options.report({ path, error: new Error(what) });
  };
}
