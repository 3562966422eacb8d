import assert from 'node:assert/strict';
import test from 'node:test';

import { entities } from '../src/entities.ts';
import { applied, sqlOf, stepsBetween, type Schema } from '../src/schema.ts';

const NOTE: Schema = { note: { id: { type: 'uuid' }, text: { type: 'text' } } };

test('a column that no migration brings is pending', () => {
  const wanted = structuredClone(NOTE);
  wanted.note!.author = { type: 'text', nullable: true };
  const steps = stepsBetween(NOTE, wanted);
  assert.deepEqual(steps.map(sqlOf), ['ALTER TABLE note ADD COLUMN author text']);
});

test('a column whose type or need of a value changed is pending', () => {
  const wanted = structuredClone(NOTE);
  wanted.note!.text = { type: 'integer', nullable: true };
  const steps = stepsBetween(NOTE, wanted);
  assert.deepEqual(steps.map(sqlOf), [
    'ALTER TABLE note ALTER COLUMN text TYPE integer; ALTER TABLE note ALTER COLUMN text DROP NOT NULL',
  ]);
});

test('what the entities have no more is dropped', () => {
  assert.deepEqual(stepsBetween(NOTE, {}).map(sqlOf), ['DROP TABLE note']);
});

test('the steps between two schemas lead from the one to the other', () => {
  const without: Schema = { note: { id: { type: 'uuid' } } };
  assert.deepEqual(stepsBetween(entities, without).reduce(applied, entities), without);
});

test('a step on a table that is not there is refused', () => {
  assert.throws(() => applied({}, { do: 'drop column', table: 'note', column: 'text' }), /no table/);
});
