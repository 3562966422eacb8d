import assert from 'node:assert/strict';
import test from 'node:test';

import { routeOf } from '../src/routes.js';

test('a path leads to its page', () => {
  assert.equal(routeOf('/').page, 'home');
  assert.deepEqual(routeOf('/products/blue-mug'), { page: 'product', product: 'blue-mug' });
});

test('any other path is a page that says so', () => {
  assert.equal(routeOf('/products/').page, 'missing');
});
