import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { serveIssuer, serveMetrics, type Issuer, type MetricsServer } from '@symbolon/issuer';
import { pino, type Logger } from 'pino';
import { firstLinkText } from './commands/account.ts';
import { makeDataFolder, writeSettings } from './data-folder.ts';
import { commandLine } from './invocation.ts';
import { openIssuer } from './open-issuer.ts';
import type { Output } from './output.ts';
import { withRequestLog } from './request-log.ts';
import { rehearse } from './rehearsal.ts';
import { demandSafety, type Plan } from './safety.ts';
import type { ProductionSettings } from './settings.ts';
import { stopSignal } from './stop-signal.ts';

/**
 * Serves an issuer as planned until the process is asked to stop.
 *
 * @throws Unsafe if the plan is not safe, TypeError for settings that the issuer does not take.
 */
export async function serve(output: Output, plan: Plan): Promise<void> {
  demandSafety(plan);
  // Heard from the beginning: whoever reads that it is ready may ask it to stop at once.
  const stopped = stopSignal();
  const { settings } = plan;
  const log = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime });
  if (plan.folder.settings === undefined) await rehearse(settings);
  makeDataFolder(plan.folder);
  // Where it is missing the store has no key yet: any other start is refused above, and on PostgreSQL by the issuer.
  const keyFile = existsSync(resolve(plan.folder.path, settings.keyFile)) ? 'existing' : 'create';
  const report = (fault: { path: string; error: unknown }): void => {
    log.error({ path: fault.path, err: fault.error }, 'fault');
  };
  const { issuer } = await openIssuer({ ...plan.folder, settings }, { keyFile, report });
  writeSettings(plan.folder, settings);
  const closeAndSay = async (
    error: unknown,
    { host, port, other }: { host: string; port: number; other: string },
  ): Promise<never> => {
    await issuer.close();
    throw isBusy(error)
      ? new TypeError(
          `port ${port} of ${host} is busy: stop what listens there, or name another with ${other}`,
        )
      : error;
  };
  const metrics = await openMetrics(issuer, settings.metrics).catch((error: unknown) =>
    closeAndSay(error, { ...(settings.metrics ?? settings), other: '--metrics' }),
  );
  const server = await serveIssuer(withRequestLog(issuer, log), settings).catch(async (error: unknown) => {
    await metrics?.close();
    return closeAndSay(error, { ...settings, other: '--port' });
  });
  announce(log, { ...plan, port: server.port, metrics });
  if (keyFile === 'create')
    output.note(`Made ${settings.keyFile}: back it up, but not together with ${plan.folder.path}.`);
  await offerFirstAccount(issuer, { log, folder: plan.folder.path });
  await stopped;
  log.info('closing: requests in flight are answered');
  await server.close();
  await metrics?.close();
}

async function openMetrics(
  issuer: Issuer,
  settings: ProductionSettings['metrics'],
): Promise<MetricsServer | undefined> {
  return settings === undefined ? undefined : serveMetrics(issuer, settings);
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

function announce(
  log: Logger,
  { settings, folder, port, metrics }: Plan & { port: number; metrics: MetricsServer | undefined },
): void {
  log.info(
    {
      event: 'ready',
      issuer: settings.issuer,
      jwks_uri: `${settings.issuer ?? ''}/jwks`,
      audiences: settings.audiences?.map(({ audience }) => audience),
      host: settings.host,
      port,
      data_dir: folder.path,
      ...(metrics === undefined
        ? {}
        : { metrics: `http://${urlHost(metrics.host)}:${metrics.port}/metrics` }),
    },
    'ready',
  );
}

function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}
