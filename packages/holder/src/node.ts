export { fileKey } from './node/file-key.ts';
export { filePairStore } from './node/file-pair-store.ts';
export { fileSealingKeys } from './node/file-sealing-keys.ts';
