import assert from 'node:assert/strict';
import test from 'node:test';

import { pageOf } from '../src/page.ts';

test('a page has a line for each stage', () => {
  const page = pageOf([], [{ stage: 'WON', deals: 2, amountCents: 250_000 }]);
  assert.equal(page, '<ul class="summary"><li>won: 2 for $2,500.00</li></ul>');
});

test('names of companies and titles of deals are text, not HTML', () => {
  const deals = [{ id: '1', title: '<script>', stage: 'LEAD' as const, amountCents: 100 }];
  const page = pageOf([{ id: '1', name: 'Tom & Sons', domain: null, deals }], []);
  assert.match(page, /Tom &amp; Sons/);
  assert.match(page, /&lt;script&gt;, \$1\.00/);
});
