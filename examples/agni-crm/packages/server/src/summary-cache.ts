import type { Redis } from 'ioredis';

import type { StageSummary } from './deals.ts';

const KEY = 'agni:summary';
const SECONDS = 60;

/** The summary that Redis has, or else that which is made now and kept for a minute. */
export async function cachedSummary(
  redis: Redis,
  make: () => Promise<StageSummary[]>,
): Promise<StageSummary[]> {
  const kept = await redis.get(KEY);
  if (kept !== null) return JSON.parse(kept) as StageSummary[];
  const made = await make();
  await redis.set(KEY, JSON.stringify(made), 'EX', SECONDS);
  return made;
}

/** To be called after every change of a deal. */
export async function forgetSummary(redis: Redis): Promise<void> {
  await redis.del(KEY);
}
