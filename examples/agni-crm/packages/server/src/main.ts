import { migrations } from '../migrations/index.ts';
import { serverOf } from './http.ts';
import { migrate } from './migrations.ts';
import { readSettings } from './settings.ts';
import { openStores } from './stores.ts';

const COMMANDS = 'check, migrate or serve';

async function main(command: string): Promise<void> {
  const settings = readSettings(process.env);
  if (command === 'check') {
    console.log(`the settings are fine; ${migrations.length} migrations are known`);
    return;
  }
  if (command !== 'migrate' && command !== 'serve') throw new Error(`say ${COMMANDS}`);
  const stores = await openStores(settings);
  const applied = await migrate(stores.pool, migrations);
  console.log(`migrations applied: ${applied.join(', ') || 'none'}`);
  if (command === 'migrate') return stores.close();
  serverOf(stores).listen(settings.port, () => {
    console.log(`listening on port ${settings.port}`);
  });
}

main(process.argv[2] ?? 'serve').catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
