/** The server as one file, which runs without node_modules. */
import { build } from 'esbuild';

await build({
  absWorkingDir: import.meta.dirname,
  entryPoints: ['src/main.ts'],
  outfile: '../../dist/server/main.cjs',
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  // An addition to `pg` in C, which is not installed here and which it does without.
  external: ['pg-native'],
  logLevel: 'warning',
});
