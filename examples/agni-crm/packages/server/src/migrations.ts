import type { Pool } from 'pg';

import { applied, sqlOf, stepsBetween, type Schema, type Step } from './schema.ts';

export interface Migration {
  id: string;
  steps: readonly Step[];
}

/** What the entities have and no migration brings, as the steps that a new migration needs. */
export function pendingSteps(migrations: readonly Migration[], entities: Schema): Step[] {
  const migrated = migrations.flatMap((migration) => migration.steps).reduce(applied, {} as Schema);
  return stepsBetween(migrated, entities);
}

/** Applies what a database lacks, all or nothing; the ids of what was applied. */
export async function migrate(pool: Pool, migrations: readonly Migration[]): Promise<string[]> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('CREATE TABLE IF NOT EXISTS migration (id text PRIMARY KEY)');
    // Two servers that start at once: the second waits here, and then finds nothing to do.
    await client.query('LOCK TABLE migration IN EXCLUSIVE MODE');
    const found = await client.query<{ id: string }>('SELECT id FROM migration');
    const done = new Set(found.rows.map((row) => row.id));
    const due = migrations.filter((migration) => !done.has(migration.id));
    for (const migration of due) {
      for (const step of migration.steps) await client.query(sqlOf(step));
      await client.query('INSERT INTO migration VALUES ($1)', [migration.id]);
    }
    await client.query('COMMIT');
    return due.map((migration) => migration.id);
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}
