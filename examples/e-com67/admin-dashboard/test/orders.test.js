import assert from 'node:assert/strict';
import test from 'node:test';

import { dollars, summarize } from '../src/orders.js';

const ORDERS = [
  { items: { mug: 2, tea: 1 }, cents: 2250 },
  { items: { tea: 4 }, cents: 1800 },
];

test('orders are counted, and their sums added', () => {
  assert.deepEqual(summarize(ORDERS), { count: 2, cents: 4050, best: 'tea' });
});

test('no orders are no error', () => {
  assert.deepEqual(summarize([]), { count: 0, cents: 0, best: undefined });
});

test('cents are dollars', () => {
  assert.equal(dollars(4050), '$40.50');
});
