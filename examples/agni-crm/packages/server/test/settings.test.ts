import assert from 'node:assert/strict';
import test from 'node:test';

import { readSettings } from '../src/settings.ts';

test('a password is enough for a machine of our own', () => {
  const settings = readSettings({ POSTGRES_PASSWORD: 'p' });
  assert.equal(settings.database.port, 5432);
  assert.equal(settings.redisUrl, 'redis://localhost:6379');
});

test('all that is wrong is told at once', () => {
  assert.throws(
    () => readSettings({ REDIS_URL: 'localhost', PORT: 'many' }),
    /POSTGRES_PASSWORD is not set; REDIS_URL is not .*; PORT is not a port/,
  );
});
