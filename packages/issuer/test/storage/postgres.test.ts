import { after, test } from 'node:test';
import { storageContract } from './contract.ts';
import { openPostgresLab } from './postgres-lab.ts';

const lab = await openPostgresLab('lab');
if (typeof lab === 'string') test('storage contract: PostgreSQL', { skip: lab });
else {
  storageContract('PostgreSQL, two replicas', lab.open);
  after(() => lab.close());
}
