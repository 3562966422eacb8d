import assert from 'node:assert/strict';
import test from 'node:test';

import { mayMove, STAGES } from '../src/index.ts';

test('a deal is qualified before it is won', () => {
  assert.equal(mayMove('LEAD', 'WON'), false);
  assert.equal(mayMove('QUALIFIED', 'WON'), true);
});

test('a deal that is won stays won', () => {
  assert.deepEqual(
    STAGES.filter((stage) => mayMove('WON', stage)),
    [],
  );
});
