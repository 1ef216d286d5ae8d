import type { Finding } from './finding.ts';
import { inspectPostgres, type PostgresInspection } from '../storage/postgres/inspect.ts';

type Primary = Extract<PostgresInspection, { kind: 'primary' }>;

/**
 * Finds how a server of PostgreSQL would lose what it has answered, or is none to write to. Changes nothing; a server
 * that cannot be reached is no finding here, since opening the store says why.
 */
export async function diagnosePostgres(options: { url: string }): Promise<readonly Finding[]> {
  const seen = await inspectPostgres(options);
  switch (seen.kind) {
    case 'unreachable':
      return [];
    case 'standby':
      return [standby(seen.database)];
    case 'primary':
      return [
        ...(seen.fsync ? [] : [fsyncOff(seen.database)]),
        ...(seen.fullPageWrites ? [] : [pagesOff(seen.database)]),
        ...diagnoseReplication(seen),
      ];
  }
}

function diagnoseReplication(seen: Primary): readonly Finding[] {
  if (seen.wanted === 0) return [seen.standbys === 0 ? alone(seen.database) : asynchronous(seen)];
  if (seen.commit === 'off' || seen.commit === 'local') return [waitsForNobody(seen)];
  if (seen.synchronous === undefined) return seen.standbys < seen.wanted ? [standbyMissing(seen)] : [];
  return seen.synchronous < seen.wanted ? [standbyMissing(seen)] : [];
}

function standby(database: string): Finding {
  return {
    level: 'error',
    code: 'store_is_standby',
    what: `${database} is a standby: it only repeats what another server writes`,
    why: 'the issuer writes at every refresh and end, so it does not start on it',
    fix: 'name the primary with --store, or promote this server (pg_promote) if the primary is lost for good',
  };
}

function fsyncOff(database: string): Finding {
  return {
    level: 'error',
    code: 'store_fsync_off',
    what: `${database} runs with fsync = off`,
    why: 'a crash of its machine loses what was answered, an ended session lives again, or the store is damaged',
    fix: 'run ALTER SYSTEM SET fsync = on, then SELECT pg_reload_conf()',
  };
}

function pagesOff(database: string): Finding {
  return {
    level: 'warning',
    code: 'store_full_page_writes_off',
    what: `${database} runs with full_page_writes = off`,
    why: 'a crash in the middle of writing a page damages the store, unless its file system never writes half of one',
    fix: 'run ALTER SYSTEM SET full_page_writes = on, then SELECT pg_reload_conf()',
  };
}

function alone(database: string): Finding {
  return {
    level: 'note',
    code: 'store_without_standby',
    what: `no standby follows ${database}`,
    why: 'with its disk everything since the last backup is lost, and what was ended since then lives again',
    fix: 'add a standby, and name it in synchronous_standby_names',
  };
}

function asynchronous({ database, standbys }: Primary): Finding {
  return {
    level: 'warning',
    code: 'replication_asynchronous',
    what: `${String(standbys)} follow ${database}, and no commit waits for them: synchronous_standby_names is empty`,
    why: 'a standby that is promoted lacks what was answered last: a session that was ended lives again',
    fix: `run ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (name, name)' with two standbys, then SELECT pg_reload_conf()`,
  };
}

function waitsForNobody({ database, commit }: Primary): Finding {
  return {
    level: 'warning',
    code: 'replication_not_waited_for',
    what: `${database} names synchronous standbys, but synchronous_commit = ${commit} waits for none`,
    why: 'a standby that is promoted lacks what was answered last: a session that was ended lives again',
    fix: 'set synchronous_commit = on for this user and database (ALTER ROLE … SET, or ALTER SYSTEM SET)',
  };
}

function standbyMissing({ database, wanted, synchronous, standbys }: Primary): Finding {
  return {
    level: 'error',
    code: 'standby_missing',
    what: `every commit on ${database} waits for ${String(wanted)} synchronous standby, and ${String(synchronous ?? standbys)} is connected`,
    why: 'no session starts, refreshes or ends, and the feed stands still',
    fix: 'bring the standby back, or take it out of synchronous_standby_names while it is away; name two and wait for any one',
  };
}
