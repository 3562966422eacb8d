/** The API on a real PostgreSQL and a real Redis, which ci/services.sh starts. */
import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';

import { migrations } from '../migrations/index.ts';
import { entities } from '../src/entities.ts';
import { serverOf } from '../src/http.ts';
import { migrate } from '../src/migrations.ts';
import { stepsBetween, type Column, type Schema } from '../src/schema.ts';
import { readSettings } from '../src/settings.ts';
import { openStores, type OpenStores } from '../src/stores.ts';

let stores: OpenStores;
let api: string;
let server: ReturnType<typeof serverOf>;

before(async () => {
  stores = await openStores(readSettings(process.env));
  server = serverOf(stores).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

beforeEach(async () => {
  await stores.pool.query('TRUNCATE company, deal');
  await stores.redis.del('agni:summary');
});

after(async () => {
  server.close();
  await stores.close();
});

interface Answer {
  data: Record<string, unknown>;
  errors?: { message: string }[];
}

async function ask(query: string): Promise<Answer> {
  const answer = await fetch(`${api}/graphql`, { method: 'POST', body: JSON.stringify({ query }) });
  return (await answer.json()) as Answer;
}

async function addDeal(title: string, amountCents: number): Promise<string> {
  const company = await ask('mutation { addCompany(name: "Umbrella") { id } }');
  const { id } = company.data.addCompany as { id: string };
  const deal = await ask(
    `mutation { addDeal(companyId: "${id}", title: "${title}", amountCents: ${amountCents}) { id } }`,
  );
  return (deal.data.addDeal as { id: string }).id;
}

test('both stores answer', async () => {
  assert.equal((await fetch(`${api}/health`)).status, 200);
});

test('PostgreSQL has what the entities say', async () => {
  const found = await stores.pool.query<{ table: string; column: string; type: string; null: boolean }>(
    `SELECT table_name AS table, column_name AS column, data_type AS type,
            is_nullable = 'YES' AS null
     FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'migration'`,
  );
  const actual: Schema = {};
  for (const row of found.rows) {
    const references = entities[row.table]?.[row.column]?.references;
    (actual[row.table] ??= {})[row.column] = {
      type: row.type as Column['type'],
      nullable: row.null,
      references,
    };
  }
  assert.deepEqual(stepsBetween(actual, entities), []);
});

test('migrations that were applied are not applied again', async () => {
  assert.deepEqual(await migrate(stores.pool, migrations), []);
});

test('a company has its deals', async () => {
  await addDeal('Umbrellas', 125_000);
  const { data } = await ask('{ companies { name deals { title stage amountCents } } }');
  assert.deepEqual(data.companies, [
    { name: 'Umbrella', deals: [{ title: 'Umbrellas', stage: 'LEAD', amountCents: 125_000 }] },
  ]);
});

test('the summary is kept in Redis until a deal changes', async () => {
  const id = await addDeal('Umbrellas', 125_000);
  const lead = async (): Promise<unknown> =>
    ((await ask('{ summary { stage deals amountCents } }')).data.summary as object[])[0];
  assert.deepEqual(await lead(), { stage: 'LEAD', deals: 1, amountCents: 125_000 });
  assert.match((await stores.redis.get('agni:summary')) ?? '', /"amountCents":125000/);
  await ask(`mutation { moveDeal(id: "${id}", stage: QUALIFIED) { id } }`);
  assert.equal(await stores.redis.get('agni:summary'), null);
  assert.deepEqual(await lead(), { stage: 'LEAD', deals: 0, amountCents: 0 });
});

test('a lead is not won at once', async () => {
  const id = await addDeal('Umbrellas', 125_000);
  const { errors } = await ask(`mutation { moveDeal(id: "${id}", stage: WON) { id } }`);
  assert.match(errors?.[0]?.message ?? '', /cannot move to WON/);
});
