import type { Pool } from 'pg';

import { dealsOf, type Deal } from './deals.ts';

export interface Company {
  id: string;
  name: string;
  domain: string | null;
  deals: () => Promise<Deal[]>;
}

type Row = Omit<Company, 'deals'>;

export async function listCompanies(pool: Pool): Promise<Company[]> {
  const found = await pool.query<Row>('SELECT id, name, domain FROM company ORDER BY name');
  return found.rows.map((row) => withDeals(pool, row));
}

export async function addCompany(pool: Pool, name: string, domain?: string): Promise<Company> {
  const made = await pool.query<Row>(
    'INSERT INTO company (name, domain) VALUES ($1, $2) RETURNING id, name, domain',
    [name, domain],
  );
  return withDeals(pool, made.rows[0] as Row);
}

function withDeals(pool: Pool, row: Row): Company {
  return { ...row, deals: () => dealsOf(pool, row.id) };
}
