import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { serveIssuer, type Issuer } from '@symbolon/issuer';
import { pino, type Logger } from 'pino';
import { firstLinkText } from './commands/account.ts';
import { makeDataFolder, writeSettings } from './data-folder.ts';
import { commandLine } from './invocation.ts';
import { openIssuer } from './open-issuer.ts';
import type { Output } from './output.ts';
import { withRequestLog } from './request-log.ts';
import { demandSafety, type Plan } from './safety.ts';
import { stopSignal } from './stop-signal.ts';

/**
 * Serves an issuer as planned until the process is asked to stop.
 *
 * @throws Unsafe if the plan is not safe, TypeError for settings that the issuer does not take.
 */
export async function serve(output: Output, plan: Plan): Promise<void> {
  demandSafety(plan);
  const { settings } = plan;
  const log = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime });
  makeDataFolder(plan.folder);
  const known = [plan.folder.storeFile, resolve(plan.folder.path, settings.keyFile)].some(existsSync);
  const keyFile = known ? 'existing' : 'create';
  const report = (fault: { path: string; error: unknown }): void => {
    log.error({ path: fault.path, err: fault.error }, 'fault');
  };
  const { issuer } = await openIssuer({ ...plan.folder, settings }, { keyFile, report });
  writeSettings(plan.folder, settings);
  const server = await serveIssuer(withRequestLog(issuer, log), settings).catch(async (error: unknown) => {
    await issuer.close();
    throw isBusy(error) ? new TypeError(`port ${settings.port} of ${settings.host} is busy`) : error;
  });
  const stop = stopSignal();
  announce(log, { ...plan, port: server.port });
  if (keyFile === 'create')
    output.note(`Made ${settings.keyFile}: back it up, but not together with ${plan.folder.path}.`);
  await offerFirstAccount(issuer, { log, folder: plan.folder.path });
  await stop;
  log.info('closing: requests in flight are answered');
  await server.close();
}

/**
 * Says how the first account is made. The link opens it, so it is written for somebody who is looking, and never into
 * what is collected as a log.
 */
async function offerFirstAccount(
  { accounts }: Issuer,
  { log, folder }: { log: Logger; folder: string },
): Promise<void> {
  if (accounts === undefined || (await accounts.list({ limit: 1 })).length > 0) return;
  const first = process.stdout.isTTY ? await accounts.inviteFirst() : undefined;
  if (first !== undefined) process.stdout.write(`${firstLinkText(first.link)}\n`);
  else
    log.info(
      { event: 'no_account', command: commandLine('account first', folder) },
      'nobody can sign in yet',
    );
}

function announce(log: Logger, { settings, folder, port }: Plan & { port: number }): void {
  log.info(
    {
      event: 'ready',
      issuer: settings.issuer,
      jwks_uri: `${settings.issuer ?? ''}/jwks`,
      audiences: settings.audiences?.map(({ audience }) => audience),
      host: settings.host,
      port,
      data_dir: folder.path,
    },
    'ready',
  );
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}
