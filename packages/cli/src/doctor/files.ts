import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { createKeyring, inspectSqlite, openKeyFile, type Finding, type Keyring } from '@symbolon/issuer';
import type { SettledFolder } from '../open-issuer.ts';
import { problemsOf } from '../safety.ts';
import type { Settings } from '../settings.ts';

/** Under this many bytes of free room the next busy hour may fill the disk. */
const littleRoom = 256 * 1024 * 1024;

/** What serving from this folder in production would be refused for. */
export function examineSafety(folder: SettledFolder): readonly Finding[] {
  const { mode: _, ...settings } = folder.settings;
  const found = problemsOf({ folder, settings: { ...settings, mode: 'production' } });
  return found.map(({ code, problem, fix }) => ({
    level: 'error' as const,
    code,
    what: problem,
    why: '"symbolon serve" does not start so, since keys or tokens could be read or lost',
    fix,
  }));
}

/** Where people sign in behind a proxy that nobody has told of: everybody has its address. */
export function examineSenders({ settings }: SettledFolder): readonly Finding[] {
  if (settings.mode === 'dev' || settings.people === undefined || settings.behindProxy) return [];
  if (new URL(settings.issuer).protocol !== 'https:') return [];
  return [
    {
      level: 'warning',
      code: 'senders_unknown',
      what: 'the issuer cannot tell its visitors apart: whoever asks comes from the address of the proxy in front',
      why: 'nobody is held to so many recovery codes, requests and registrations from one address',
      fix: 'say --behind-proxy if nobody but that proxy can reach the port, and have it add to X-Forwarded-For',
    },
  ];
}

/** Opens the key file, making none. */
export function examineKeyFile(folder: SettledFolder): { keyring?: Keyring; findings: readonly Finding[] } {
  const path = resolve(folder.path, folder.settings.keyFile);
  if (!existsSync(path)) return { findings: [keyFileMissing(path)] };
  try {
    return { keyring: createKeyring(openKeyFile(path)), findings: [] };
  } catch (error) {
    return { findings: [keyFileUnusable(path, error)] };
  }
}

function keyFileMissing(path: string): Finding {
  return {
    level: 'error',
    code: 'key_file_missing',
    what: `the key file ${path} is missing`,
    why: 'nothing else opens the signing keys, so the issuer does not start',
    fix: 'restore it from its own backup, or copy it from another replica of this issuer',
  };
}

function keyFileUnusable(path: string, error: unknown): Finding {
  const open = (statSync(path).mode & 0o077) !== 0;
  return {
    level: 'error',
    code: open ? 'key_file_open' : 'key_file_damaged',
    what: error instanceof Error ? error.message : String(error),
    why: open
      ? 'whoever reads it and gets hold of the store can sign tokens'
      : 'nothing else opens the signing keys, so the issuer does not start',
    fix: open
      ? `run chmod 600 ${path}; if others have read it, add an entry in front and bring the keys under it`
      : 'restore it from its own backup',
  };
}

/** Whether the store is kept in a file of the folder. */
export function isEmbedded(settings: Settings): boolean {
  return settings.mode === 'dev' || settings.store === undefined;
}

/** Looks into the store's file; `usable` says whether it can be opened without changing it. */
export function examineFile(file: string): { usable: boolean; findings: readonly Finding[] } {
  const seen = inspectSqlite(file);
  switch (seen.kind) {
    case 'missing':
      return { usable: false, findings: [storeMissing(file)] };
    case 'damaged':
      return { usable: false, findings: [storeDamaged(file, seen.reason)] };
    case 'moved':
      return { usable: false, findings: [storeMoved(file, seen.to)] };
    case 'sound':
      return {
        usable: seen.schema === seen.known,
        findings: [
          ...(seen.schema > seen.known ? [schemaNewer(seen.schema, seen.known)] : []),
          ...(seen.schema < seen.known ? [schemaOlder(seen.schema, seen.known)] : []),
          ...(seen.writable ? [] : [storeReadOnly(file)]),
          ...(seen.free < littleRoom ? [diskNearlyFull(file, seen.free)] : []),
        ],
      };
  }
}

function storeMissing(file: string): Finding {
  return {
    level: 'error',
    code: 'store_missing',
    what: `there is no store ${file}, though an issuer was started here`,
    why: 'a start would make an empty one: every session gone, and keys that no guard holds',
    fix: 'restore it from its backup, or name the right folder with --data',
  };
}

function storeDamaged(file: string, reason: string): Finding {
  return {
    level: 'error',
    code: 'store_damaged',
    what: `the store ${file} is damaged: ${reason}`,
    why: 'what it decides cannot be relied on, and it may fail at any moment',
    fix: 'stop the issuer, keep a copy of the file, and restore the last backup',
  };
}

function storeMoved(file: string, to: string): Finding {
  return {
    level: 'error',
    code: 'store_moved',
    what: `the store ${file} was moved to ${to}`,
    why: 'what is left here is old: a session that has ended since would live again',
    fix: 'serve with --store and that database',
  };
}

function schemaNewer(schema: number, known: number): Finding {
  return {
    level: 'error',
    code: 'schema_newer',
    what: `the store has schema ${String(schema)}, this version knows ${String(known)}`,
    why: 'it was made by a newer version, and this one does not start on it',
    fix: 'use that version',
  };
}

function schemaOlder(schema: number, known: number): Finding {
  return {
    level: 'note',
    code: 'schema_older',
    what: `the store has schema ${String(schema)}, this version brings it to ${String(known)}`,
    why: 'an older version will not start on it afterwards; what is in it was not looked at',
    fix: 'back the store up, then start the issuer',
  };
}

function storeReadOnly(file: string): Finding {
  return {
    level: 'error',
    code: 'store_read_only',
    what: `the store ${file} or its folder cannot be written`,
    why: 'no session starts, refreshes or ends, and the feed stands still',
    fix: 'give both to the user that the issuer runs as',
  };
}

function diskNearlyFull(file: string, free: number): Finding {
  return {
    level: 'warning',
    code: 'disk_nearly_full',
    what: `${String(Math.round(free / 1024 / 1024))} MB are left where ${file} lies`,
    why: 'on a full disk no session starts, refreshes or ends',
    fix: 'make room, or move the store',
  };
}
