import { suite, test } from 'node:test';
import { accountChangeContract } from './contract-account-changes.ts';
import { accountContract } from './contract-accounts.ts';
import { actingContract } from './contract-acting.ts';
import { auditContract } from './contract-audit.ts';
import { browserContract } from './contract-browsers.ts';
import { chainContract } from './contract-chain.ts';
import { clientContract } from './contract-clients.ts';
import { codeContract } from './contract-codes.ts';
import { endsContract } from './contract-ends.ts';
import { feedContract } from './contract-feed.ts';
import { guardContract } from './contract-guards.ts';
import { keyContract } from './contract-keys.ts';
import { listContract } from './contract-lists.ts';
import { logoutContract } from './contract-logouts.ts';
import { machineContract } from './contract-machines.ts';
import { refreshContract } from './contract-refresh.ts';
import { registrationContract } from './contract-registrations.ts';
import { sessionContract } from './contract-sessions.ts';
import { furnish, type OpenStoreLab, type StoreTest } from './lab.ts';

/** What every engine must do. Call it with a way to open a fresh store through two connections. */
export function storageContract(engine: string, open: OpenStoreLab): void {
  const storeTest: StoreTest = (title, run) => {
    test(title, async () => {
      const lab = await open();
      try {
        await furnish(lab.a);
        await run(lab);
      } finally {
        await lab.close();
      }
    });
  };
  suite(`storage contract: ${engine}`, () => {
    refreshContract(storeTest);
    sessionContract(storeTest);
    machineContract(storeTest);
    clientContract(storeTest);
    keyContract(storeTest);
    accountContract(storeTest);
    accountChangeContract(storeTest);
    actingContract(storeTest);
    auditContract(storeTest);
    chainContract(storeTest);
    codeContract(storeTest);
    logoutContract(storeTest);
    endsContract(storeTest);
    feedContract(storeTest);
    guardContract(storeTest);
    browserContract(storeTest);
    listContract(storeTest);
    registrationContract(storeTest);
  });
}
