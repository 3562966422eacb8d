import type { Migration } from '../src/migrations.ts';

export const deals: Migration = {
  id: '0002-deals',
  steps: [
    {
      do: 'create table',
      table: 'deal',
      columns: {
        id: { type: 'uuid' },
        company_id: { type: 'uuid', references: 'company' },
        title: { type: 'text' },
        stage: { type: 'text' },
        amount_cents: { type: 'integer' },
      },
    },
  ],
};
