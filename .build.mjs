/** Makes `dist` anew: the modules that other packages import, one bundle per program, and the page of the dashboard. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, posix, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'esbuild';

process.chdir(dirname(fileURLToPath(import.meta.url)));

const PROGRAM = { bundle: true, platform: 'node', target: 'node20', format: 'cjs', logLevel: 'warning' };

/**
 * What `bin/lb.js` runs, in bundles by role: `main`, `main-logs` and `main-run` have what must be quick, and load one of
 * the others for everything else. Each is a folder and a file, as its source is, for the sake of `import.meta.url`.
 */
const ROLES = [
  ...['cli/main', 'cli/run-cli', 'cli/main-logs', 'cli/main-run', 'cli/main-pm2', 'cli/logs/of-daemon', 'cli/choose-with-files', 'cli/migrate/agent'],
  ...['daemon/main', 'daemon/program'],
];

/**
 * What a daemon, its primaries and their workers run, also later and lazily. Each daemon copies these files into its home and runs
 * only the copy, so they must not load anything else: libraries are bundles of their own.
 */
const LIBRARIES = ['chokidar', 'croner', 'dayjs', 'pidusage', 'ws'];
const PROGRAM_FILES = ['daemon/program.cjs', 'daemon/main.cjs', 'primary/main.cjs', 'worker/preload.cjs', ...LIBRARIES.map((library) => `lib/${library}.cjs`)];

/** The package of a release, or one for a test of the same source: `--out=dist-next --version=0.2.0 --protocol=1`, without types and dashboard. */
const flags = Object.fromEntries(process.argv.slice(2).map((flag) => flag.replace(/^--/, '').split('=')));
const OUT = flags.out ?? 'dist';
const VERSION = flags.version ?? JSON.parse(readFileSync('package.json', 'utf8')).version;
const PROTOCOL_STEP = Number(flags.protocol ?? 0);

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
      const bundle = posix.relative(posix.dirname(outfile), `${OUT}/${path}.cjs`);
      return { contents: `module.exports = require(${JSON.stringify(bundle.startsWith('.') ? bundle : `./${bundle}`)});` };
    });
    onResolve({ filter: /\.cjs$/, namespace: 'role' }, ({ path }) => ({ path, external: true }));
  },
};

/** What the private copy contains instead of the installed package. */
const librariesBeside = {
  name: 'libraries-beside',
  setup({ onResolve, onLoad, initialOptions: { outfile } }) {
    onResolve({ filter: new RegExp(`^(?:${LIBRARIES.join('|')})$`) }, ({ path }) => ({ path, namespace: 'library' }));
    onLoad({ filter: /.*/, namespace: 'library' }, ({ path }) => {
      return { contents: `module.exports = require(${JSON.stringify(posix.relative(posix.dirname(outfile), `${OUT}/lib/${path}.cjs`))});` };
    });
    onResolve({ filter: /\.cjs$/, namespace: 'library' }, ({ path }) => ({ path, external: true }));
  },
};

const bundleOfLibrary = (name) => ({
  ...PROGRAM,
  // What is CommonJS has the same `module.exports`.
  stdin: { contents: `module.exports = require('${name}');`, resolveDir: '.' },
  outfile: `${OUT}/lib/${name}.cjs`,
  minifyWhitespace: true,
  // Optional speed-ups of `ws`, which are not installed.
  external: ['bufferutil', 'utf-8-validate'],
});

/** Saved files have no version before 1. */
const savedVersion = (value) => Math.max(1, Number(value) + PROTOCOL_STEP);

/** Another version of the protocols and of the saved files, for a package of a test. */
const protocolStep = {
  name: 'protocol-step',
  setup({ onLoad }) {
    onLoad({ filter: /\/(?:version|saved-version)\.ts$/ }, ({ path }) => {
      const stepped = readFileSync(path, 'utf8').replaceAll(
        /(const \w+_(PROTOCOL|VERSION) = )(\d+)/g,
        (_, start, kind, value) => start + (kind === 'PROTOCOL' ? Number(value) + PROTOCOL_STEP : savedVersion(value)),
      );
      return { contents: stepped, loader: 'ts' };
    });
  },
};

const bundleOfRole = (role) => ({
  ...PROGRAM,
  entryPoints: [`src/${role}.ts`],
  outfile: `${OUT}/${role}.cjs`,
  minifyWhitespace: true,
  // V8 reads all of a file before the first line runs, and for these people wait.
  minifyIdentifiers: role.startsWith('cli/main'),
  minifySyntax: role.startsWith('cli/main'),
  packages: 'external',
  define: { 'import.meta.url': '__fileUrl' },
  banner: { js: "const __fileUrl=require('node:url').pathToFileURL(__filename).href;" },
  plugins: [otherRoles, protocolStep, ...(role.startsWith('daemon/') ? [librariesBeside] : [])],
});

/**
 * The preload contains the duties of a worker as text, and compiles them when they are taken up: code that V8 has to parse delays the
 * app even before it runs. They are no file of their own, because an upgrade may have removed it by then.
 */
const dutiesAsText = {
  name: 'duties-as-text',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\/duties\.ts$/ }, ({ path, kind, resolveDir }) => {
      // The bundle names it, so the path is the same wherever it is built.
      return kind === 'require-call' ? { path: relative(process.cwd(), resolve(resolveDir, path)), namespace: 'text' } : undefined;
    });
    onLoad({ filter: /.*/, namespace: 'text' }, async ({ path }) => {
      const { outputFiles } = await build({ ...PROGRAM, entryPoints: [path], minifyWhitespace: true, write: false, plugins: [protocolStep] });
      const text = JSON.stringify(outputFiles[0].text);
      const compiled = `require('node:vm').compileFunction(${text}, ['module', 'require', '__filename'], { filename: __filename })`;
      return { contents: `${compiled}(module, require, __filename);` };
    });
  },
};

const WORKER = {
  ...PROGRAM,
  entryPoints: ['src/worker/preload.ts'],
  outfile: `${OUT}/worker/preload.cjs`,
  minifyWhitespace: true,
  plugins: [dutiesAsText, protocolStep],
};
const PRIMARY = {
  ...PROGRAM,
  entryPoints: ['src/primary/main.ts'],
  outfile: `${OUT}/primary/main.cjs`,
  minifyWhitespace: true,
  plugins: [protocolStep, librariesBeside],
};

/** Two builds of one version differ in the hash. */
function writeManifest() {
  const hash = createHash('sha256');
  for (const file of PROGRAM_FILES) hash.update(readFileSync(`${OUT}/${file}`));
  const [, saved] = /SAVED_VERSION = (\d+)/.exec(readFileSync('src/daemon/saved-version.ts', 'utf8'));
  const manifest = { id: `${VERSION}-${hash.digest('hex').slice(0, 12)}`, version: VERSION, saved: savedVersion(saved), files: PROGRAM_FILES };
  writeFileSync(`${OUT}/program.json`, `${JSON.stringify(manifest, null, 1)}\n`);
}

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

rmSync(OUT, { recursive: true, force: true });
if (OUT === 'dist') {
  const tsc = fileURLToPath(import.meta.resolve('typescript/bin/tsc'));
  const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
try {
  const bundles = [WORKER, PRIMARY, ...ROLES.map(bundleOfRole), ...LIBRARIES.map(bundleOfLibrary)];
  await Promise.all([...bundles, ...(OUT === 'dist' ? [DASHBOARD] : [])].map((options) => build(options)));
  writeManifest();
} catch {
  // esbuild has written what is wrong.
  process.exit(1);
}
