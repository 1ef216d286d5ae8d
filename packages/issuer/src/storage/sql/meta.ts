/** The SQL of facts about this store. */

export const settleMeta = `INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING`;

export const replaceMeta = `UPDATE meta SET value = $3 WHERE key = $1 AND value = $2`;

export const findMeta = `SELECT value FROM meta WHERE key = $1`;

/** When clients were changed, for whoever keeps what he has read of them. */
export const clientsChanged = 'clients_changed_at';
