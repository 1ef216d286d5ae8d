import { suite, test } from 'node:test';
import { accountChangeContract } from './storage-contract-account-changes.ts';
import { accountContract } from './storage-contract-accounts.ts';
import { actingContract } from './storage-contract-acting.ts';
import { auditContract } from './storage-contract-audit.ts';
import { browserContract } from './storage-contract-browsers.ts';
import { chainContract } from './storage-contract-chain.ts';
import { clientContract } from './storage-contract-clients.ts';
import { codeContract } from './storage-contract-codes.ts';
import { endsContract } from './storage-contract-ends.ts';
import { feedContract } from './storage-contract-feed.ts';
import { guardContract } from './storage-contract-guards.ts';
import { keyContract } from './storage-contract-keys.ts';
import { listContract } from './storage-contract-lists.ts';
import { logoutContract } from './storage-contract-logouts.ts';
import { machineContract } from './storage-contract-machines.ts';
import { refreshContract } from './storage-contract-refresh.ts';
import { registrationContract } from './storage-contract-registrations.ts';
import { sessionContract } from './storage-contract-sessions.ts';
import { furnish, type OpenStoreLab, type StoreTest } from './storage-lab.ts';

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
