import { cpSync } from 'node:fs';
import { resolve } from 'node:path';

import { build } from 'esbuild';

const HERE = import.meta.dirname;
const DIST = resolve(HERE, '../../dist/front');

await build({
  absWorkingDir: HERE,
  entryPoints: ['src/main.ts'],
  outdir: DIST,
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  logLevel: 'warning',
});
cpSync(resolve(HERE, 'index.html'), resolve(DIST, 'index.html'));
