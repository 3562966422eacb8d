import type { Migration } from '../src/migrations.ts';

export const domains: Migration = {
  id: '0003-domains',
  steps: [
    { do: 'add column', table: 'company', column: 'domain', as: { type: 'text', nullable: true } },
  ],
};
