import { mayMove, STAGES, type Stage } from '@agni/shared';
import type { Pool } from 'pg';

export interface Deal {
  id: string;
  title: string;
  stage: Stage;
  amountCents: number;
}

export interface StageSummary {
  stage: Stage;
  deals: number;
  amountCents: number;
}

const COLUMNS = 'id, title, stage, amount_cents AS "amountCents"';

export async function dealsOf(pool: Pool, companyId: string): Promise<Deal[]> {
  const found = await pool.query<Deal>(
    `SELECT ${COLUMNS} FROM deal WHERE company_id = $1 ORDER BY title`,
    [companyId],
  );
  return found.rows;
}

export async function addDeal(
  pool: Pool,
  companyId: string,
  title: string,
  amountCents: number,
): Promise<Deal> {
  const made = await pool.query<Deal>(
    `INSERT INTO deal (company_id, title, stage, amount_cents)
     VALUES ($1, $2, 'LEAD', $3) RETURNING ${COLUMNS}`,
    [companyId, title, amountCents],
  );
  return made.rows[0] as Deal;
}

/** Moves a deal to another stage, if that is allowed from where it is at that moment. */
export async function moveDeal(pool: Pool, id: string, stage: Stage): Promise<Deal> {
  const allowed = STAGES.filter((from) => mayMove(from, stage));
  const moved = await pool.query<Deal>(
    `UPDATE deal SET stage = $2 WHERE id = $1 AND stage = ANY($3) RETURNING ${COLUMNS}`,
    [id, stage, allowed],
  );
  if (moved.rows[0] === undefined) throw new Error(`deal ${id} cannot move to ${stage}`);
  return moved.rows[0];
}

export async function summarize(pool: Pool): Promise<StageSummary[]> {
  const found = await pool.query<{ stage: Stage; deals: string; cents: string }>(
    'SELECT stage, count(*) AS deals, sum(amount_cents) AS cents FROM deal GROUP BY stage',
  );
  const sums = new Map(found.rows.map((row) => [row.stage, row]));
  return STAGES.map((stage) => {
    const sum = sums.get(stage);
    return { stage, deals: Number(sum?.deals ?? 0), amountCents: Number(sum?.cents ?? 0) };
  });
}
