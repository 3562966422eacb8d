import type { Migration } from '../src/migrations.ts';
import { companies } from './0001-companies.ts';
import { deals } from './0002-deals.ts';
import { domains } from './0003-domains.ts';

/** In the order in which they are applied; only ever added to. */
export const migrations: readonly Migration[] = [companies, deals, domains];
