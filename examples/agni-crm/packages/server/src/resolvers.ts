import type { Stage } from '@agni/shared';
import type { Redis } from 'ioredis';
import type { Pool } from 'pg';

import { addCompany, listCompanies } from './companies.ts';
import { addDeal, moveDeal, summarize, type Deal } from './deals.ts';
import { cachedSummary, forgetSummary } from './summary-cache.ts';

export interface Stores {
  pool: Pool;
  redis: Redis;
}

/** A function for each field of Query and Mutation. */
export function resolversOf({ pool, redis }: Stores): object {
  const changed = async (deal: Promise<Deal>): Promise<Deal> => {
    const done = await deal;
    await forgetSummary(redis);
    return done;
  };
  return {
    companies: () => listCompanies(pool),
    summary: () => cachedSummary(redis, () => summarize(pool)),
    addCompany: (given: { name: string; domain?: string }) =>
      addCompany(pool, given.name, given.domain),
    addDeal: (given: { companyId: string; title: string; amountCents: number }) =>
      changed(addDeal(pool, given.companyId, given.title, given.amountCents)),
    moveDeal: (given: { id: string; stage: Stage }) =>
      changed(moveDeal(pool, given.id, given.stage)),
  };
}
