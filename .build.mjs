/** Makes `dist` anew: the modules that other packages import, one bundle per program, and the page of the dashboard. */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, posix, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'esbuild';

process.chdir(dirname(fileURLToPath(import.meta.url)));

const PROGRAM = { bundle: true, platform: 'node', target: 'node20', format: 'cjs', logLevel: 'warning' };

/**
 * What `bin/lb.js` runs, in bundles by role: `main` and `main-logs` have what is called often and must be quick, and load one of
 * the others for everything else. Each is a folder and a file, as its source is, for the sake of `import.meta.url`.
 */
const ROLES = ['cli/main', 'cli/run-cli', 'cli/main-logs', 'daemon/main'];

/** A bundle loads another one when it gets to its `import()`, instead of containing it. With `require`: loading an ES module takes longer. */
const otherRoles = {
  name: 'other-roles',
  setup({ onResolve, onLoad, initialOptions: { outfile } }) {
    onResolve({ filter: /^\.{1,2}\/.*\.ts$/ }, ({ path, kind, resolveDir }) => {
      const source = relative('src', resolve(resolveDir, path)).replaceAll('\\', '/');
      const role = ROLES.find((each) => source === `${each}.ts`);
      return kind === 'dynamic-import' && role !== undefined ? { path: role, namespace: 'role' } : undefined;
    });
    onLoad({ filter: /.*/, namespace: 'role' }, ({ path }) => {
      const bundle = posix.relative(posix.dirname(outfile), `dist/${path}.cjs`);
      return { contents: `module.exports = require(${JSON.stringify(bundle.startsWith('.') ? bundle : `./${bundle}`)});` };
    });
    onResolve({ filter: /\.cjs$/, namespace: 'role' }, ({ path }) => ({ path, external: true }));
  },
};

const bundleOfRole = (role) => ({
  ...PROGRAM,
  entryPoints: [`src/${role}.ts`],
  outfile: `dist/${role}.cjs`,
  minifyWhitespace: true,
  packages: 'external',
  define: { 'import.meta.url': '__fileUrl' },
  banner: { js: "const __fileUrl=require('node:url').pathToFileURL(__filename).href;" },
  plugins: [otherRoles],
});

/**
 * The preload contains the duties of a worker as text, and compiles them when they are taken up: code that V8 has to parse delays the
 * app even before it runs. They are no file of their own, because an upgrade may have removed it by then.
 */
const dutiesAsText = {
  name: 'duties-as-text',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\/duties\.ts$/ }, ({ path, kind, resolveDir }) => {
      return kind === 'require-call' ? { path: resolve(resolveDir, path), namespace: 'text' } : undefined;
    });
    onLoad({ filter: /.*/, namespace: 'text' }, async ({ path }) => {
      const { outputFiles } = await build({ ...PROGRAM, entryPoints: [path], minifyWhitespace: true, write: false });
      const text = JSON.stringify(outputFiles[0].text);
      const compiled = `require('node:vm').compileFunction(${text}, ['module', 'require', '__filename'], { filename: __filename })`;
      return { contents: `${compiled}(module, require, __filename);` };
    });
  },
};

const WORKER = {
  ...PROGRAM,
  entryPoints: ['src/worker/preload.ts'],
  outfile: 'dist/worker/preload.cjs',
  minifyWhitespace: true,
  plugins: [dutiesAsText],
};
const PRIMARY = { ...PROGRAM, entryPoints: ['src/primary/main.ts'], outfile: 'dist/primary/main.cjs', minifyWhitespace: true, external: ['pidusage', 'ws'] };

/** Next to each file of the page, as a browser would rather have it. */
const compressed = {
  name: 'compressed',
  setup({ onEnd, initialOptions: { outdir } }) {
    onEnd(({ errors }) => {
      if (errors.length > 0) return;
      for (const file of ['app.js', 'app.css', 'index.html']) writeFileSync(`${outdir}/${file}.br`, brotliCompressSync(readFileSync(`${outdir}/${file}`)));
    });
  },
};

const DASHBOARD = {
  entryPoints: ['app.tsx', 'app.css', 'index.html', 'third-party.txt'].map((file) => `src/dashboard/web/${file}`),
  outdir: 'dist/dashboard',
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  loader: { '.html': 'copy', '.txt': 'copy' },
  legalComments: 'none',
  plugins: [compressed],
  logLevel: 'warning',
};

rmSync('dist', { recursive: true, force: true });
const tsc = fileURLToPath(import.meta.resolve('typescript/bin/tsc'));
const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);
try {
  await Promise.all([WORKER, PRIMARY, ...ROLES.map(bundleOfRole), DASHBOARD].map((options) => build(options)));
} catch {
  // esbuild has written what is wrong.
  process.exit(1);
}
