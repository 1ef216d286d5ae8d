import { storageContract } from './storage-contract.ts';
import { openFileLab, openMemoryLab } from './storage-lab.ts';

storageContract('SQLite, one file, two connections', openFileLab);
storageContract('SQLite, in memory', openMemoryLab);
