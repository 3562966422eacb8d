import type { Schema } from './schema.ts';

/** The tables as the code uses them; `migrations` brings a database to them. */
export const entities: Schema = {
  company: {
    id: { type: 'uuid' },
    name: { type: 'text' },
    domain: { type: 'text', nullable: true },
    created_at: { type: 'timestamp with time zone' },
  },
  deal: {
    id: { type: 'uuid' },
    company_id: { type: 'uuid', references: 'company' },
    title: { type: 'text' },
    stage: { type: 'text' },
    amount_cents: { type: 'integer' },
  },
};
