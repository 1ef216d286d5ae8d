/** Where a page's holder keeps what outlives it: values by name, shared by all tabs of the origin. */
export interface Cabinet {
  read(name: string): Promise<unknown>;
  /** Changes one value in one step that no other tab comes between; undefined takes it away. Gives what is kept now. */
  change(name: string, change: (kept: unknown) => unknown): Promise<unknown>;
}

const objectStore = 'holder';

/**
 * Opens a cabinet in IndexedDB: it takes keys that cannot be extracted as they are, and never their bytes.
 *
 * A browser that has none (some private windows), or whose disk is full, makes every call reject.
 */
export function openCabinet(database: string): Cabinet {
  let opened: Promise<IDBDatabase> | undefined;
  const open = (): Promise<IDBDatabase> => {
    opened ??= openDatabase(database, () => {
      opened = undefined;
    });
    opened.catch(() => {
      opened = undefined;
    });
    return opened;
  };
  return {
    read: async (name) => {
      const store = (await open()).transaction(objectStore, 'readonly').objectStore(objectStore);
      return resultOf<unknown>(store.get(name));
    },
    change: async (name, change) => {
      const transaction = (await open()).transaction(objectStore, 'readwrite', { durability: 'strict' });
      const store = transaction.objectStore(objectStore);
      const done = completionOf(transaction);
      done.catch(() => undefined);
      const next = change(await resultOf(store.get(name)));
      if (next === undefined) store.delete(name);
      else store.put(next, name);
      await done;
      return next;
    },
  };
}

async function openDatabase(name: string, onClosed: () => void): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore(objectStore);
  };
  const database = await resultOf(request);
  // Another tab deletes the database, or the browser cleans up: the next call opens it again.
  database.onversionchange = () => {
    database.close();
    onClosed();
  };
  database.onclose = onClosed;
  return database;
}

function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => {
      resolve(request.result);
    };
    request.onerror = () => {
      reject(request.error ?? new Error('the browser gave no reason'));
    };
  });
}

function completionOf(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => {
      resolve();
    };
    transaction.onabort = () => {
      reject(transaction.error ?? new Error('the browser gave no reason'));
    };
  });
}

/** Makes a cabinet that lives and dies with this process. */
export function memoryCabinet(): Cabinet {
  const kept = new Map<string, unknown>();
  return {
    read: (name) => Promise.resolve(kept.get(name)),
    change: (name, change) => {
      const next = change(kept.get(name));
      if (next === undefined) kept.delete(name);
      else kept.set(name, next);
      return Promise.resolve(next);
    },
  };
}
