import assert from 'node:assert/strict';
import test from 'node:test';

import { formatCents } from '../src/index.ts';

test('cents become dollars', () => {
  assert.equal(formatCents(123_456), '$1,234.56');
});

test('a sum of a tenth and a fifth is exact', () => {
  assert.equal(formatCents(10 + 20), '$0.30');
});
