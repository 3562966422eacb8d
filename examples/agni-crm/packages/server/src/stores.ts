import { Redis } from 'ioredis';
import { Pool } from 'pg';

import type { Stores } from './resolvers.ts';
import type { Settings } from './settings.ts';

export interface OpenStores extends Stores {
  close: () => Promise<void>;
}

/** Connections to both stores; fails at once where one is not there. */
export async function openStores(settings: Settings): Promise<OpenStores> {
  const pool = new Pool(settings.database);
  const redis = new Redis(settings.redisUrl, { lazyConnect: true, connectTimeout: 5000 });
  // Of connections that are not in use; a query that fails says so itself.
  pool.on('error', () => undefined);
  let reason: Error | undefined;
  redis.on('error', (error: Error) => (reason = error));
  const close = async (): Promise<void> => {
    redis.disconnect();
    await pool.end();
  };
  try {
    await Promise.all([redis.connect(), pool.query('SELECT 1')]);
  } catch (error) {
    await close();
    // Redis's own error says only that the connection was closed.
    throw reason ?? error;
  }
  return { pool, redis, close };
}
