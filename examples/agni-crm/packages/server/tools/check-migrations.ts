/** Fails when the entities have what no migration brings; needs no database. */
import { migrations } from '../migrations/index.ts';
import { entities } from '../src/entities.ts';
import { pendingSteps } from '../src/migrations.ts';
import { sqlOf } from '../src/schema.ts';

const pending = pendingSteps(migrations, entities);
for (const step of pending) console.error(`pending: ${sqlOf(step)}`);
if (pending.length > 0) {
  console.error('Pending migrations detected: write a migration with these steps');
  process.exitCode = 1;
} else {
  console.log(`No pending migrations: ${migrations.length} bring a database to the entities`);
}
