import type { Migration } from '../src/migrations.ts';

export const companies: Migration = {
  id: '0001-companies',
  steps: [
    {
      do: 'create table',
      table: 'company',
      columns: {
        id: { type: 'uuid' },
        name: { type: 'text' },
        created_at: { type: 'timestamp with time zone' },
      },
    },
  ],
};
