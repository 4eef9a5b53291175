import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { LbError, errnoOf, messageOf } from '../errors/lb-error.ts';
import { describe } from './describe.ts';
import { PACKAGE_KEYS } from './find-file.ts';
import { isObject } from './kind.ts';
import { stripJsonComments } from './json-comments.ts';
import { readMetrics, type MetricsConfig } from './metrics-key.ts';
import { withNearest } from './nearest.ts';
import { optionNamed } from './options.ts';

type Table = Readonly<Record<string, unknown>>;

/** Lets a TypeScript config `import { defineConfig } from 'lb-supervisor'` even if the package is installed globally. */
const PACKAGE_NAME = 'lb-supervisor';
const PUBLIC_API = fileURLToPath(new URL(`../index${extname(import.meta.url).replace('.cjs', '.js')}`, import.meta.url));

/** One app of a config file, unchecked. */
interface RawApp {
  /** Its path in the file: `apps[0]`, `pm2[1]`, or empty if the file is the app. */
  readonly path: string;
  readonly raw: Table;
}

export interface LoadedConfig {
  readonly apps: readonly RawApp[];
  /** What all apps have, unchecked; undefined for nothing. */
  readonly defaults?: Table;
  /** The daemon's metrics address; undefined to leave it unchanged. */
  readonly metrics?: MetricsConfig;
  readonly warnings: readonly string[];
}

/** Loads a config file in any format of PM2 or `lb`. @param file absolute path @param label its name in messages */
export async function loadConfigFile(file: string, label = file): Promise<LoadedConfig> {
  try {
    const content = await settle(await readContent(file));
    return await collect(content, label, basename(file) === 'package.json');
  } catch (error) {
    if (error instanceof LbError) throw error;
    throw new LbError('LB_ERR_CONFIG_LOAD', { file: label, reason: reasonOf(error) }, stackOf(error));
  }
}

/** Reads a config in JSON, as it comes on stdin. @param label its name in messages */
export async function parseConfig(text: string, label: string): Promise<LoadedConfig> {
  try {
    return await collect(JSON.parse(stripJsonComments(text)), label, false);
  } catch (error) {
    if (error instanceof LbError) throw error;
    throw new LbError('LB_ERR_CONFIG_LOAD', { file: label, reason: reasonOf(error) });
  }
}

async function readContent(file: string): Promise<unknown> {
  switch (extname(file).toLowerCase()) {
    case '.json':
      return JSON.parse(stripJsonComments(await readText(file)));
    case '.yaml':
    case '.yml': {
      const { parse } = await import('yaml');
      return parse(await readText(file), { merge: true, logLevel: 'error' });
    }
    default:
      return importModule(file);
  }
}

const readText = async (file: string): Promise<string> => (await readFile(file, 'utf8')).replace(/^\uFEFF/, '');

async function importModule(file: string): Promise<unknown> {
  if (/\.[cm]?ts$/i.test(file)) return importWithJiti(file);
  // Distinguishes a missing file from a missing dependency of it.
  await readFile(file);
  try {
    return await withoutTypeWarning(() => import(pathToFileURL(file).href));
  } catch (error) {
    // PM2's usual `module.exports` in ecosystem.config.js, in a package with "type": "module".
    if (error instanceof ReferenceError && error.message.includes('ES module scope')) return importWithJiti(file);
    throw error;
  }
}

/** Node.js advises `"type": "module"` for ESM in a `.js` file. A config file is no reason to change the type of the app's package. */
async function withoutTypeWarning<T>(load: () => Promise<T>): Promise<T> {
  const shown = Object.getOwnPropertyDescriptor(process, 'emitWarning') ?? {};
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = (...given: unknown[]) => {
    const isAdvice = given.some((one) => one === 'MODULE_TYPELESS_PACKAGE_JSON' || (isObject(one) && one['code'] === 'MODULE_TYPELESS_PACKAGE_JSON'));
    if (!isAdvice) Reflect.apply(emitWarning, process, given);
  };
  try {
    return await load();
  } finally {
    Object.defineProperty(process, 'emitWarning', shown);
  }
}

async function importWithJiti(file: string): Promise<unknown> {
  await readFile(file);
  const { createJiti } = await import('jiti');
  return createJiti(import.meta.url, { fsCache: false, moduleCache: false, alias: { [PACKAGE_NAME]: PUBLIC_API } }).import(file);
}

/** Unwraps default exports (two for transpiled modules), calls functions and awaits promises. */
async function settle(content: unknown): Promise<unknown> {
  let value = content;
  for (let depth = 0; depth < 6; depth++) {
    value = await value;
    if (isFunction(value)) value = value();
    else if (isTable(value) && prefersDefault(value)) value = value['default'];
    else return value;
  }
  return value;
}

/** The default export is used, unless only the named exports have `apps`. */
function prefersDefault(module: Table): boolean {
  const content = module['default'];
  return content !== undefined && (module['apps'] === undefined || (isTable(content) && content['apps'] !== undefined));
}

const isFunction = (value: unknown): value is () => unknown => typeof value === 'function';
const isTable = (value: unknown): value is Table => (typeof value === 'object' || typeof value === 'function') && value !== null && !Array.isArray(value);

async function collect(content: unknown, file: string, isPackage: boolean): Promise<LoadedConfig> {
  if (Array.isArray(content)) return { apps: await listed(content, file, ''), warnings: [] };
  if (!isTable(content)) throw empty(file, `: it holds ${describe(content)}`);
  const key = (isPackage ? PACKAGE_KEYS : (['apps', ...PACKAGE_KEYS] as const)).find((name) => content[name] !== undefined);
  if (key !== undefined) return collectBelow(key, content, file, isPackage);
  if (isPackage) throw empty(file, ': it has neither an "lb" nor a "pm2" key');
  if (!Object.keys(content).some((name) => optionNamed(name)?.key === 'script')) {
    const found = Object.keys(content).slice(0, 8).join(', ');
    throw empty(file, `: it has no "apps"${found === '' ? '' : ` (found: ${found})`}`);
  }
  return { apps: [await toApp(content, file, '')], warnings: [] };
}

async function collectBelow(key: string, content: Table, file: string, isPackage: boolean): Promise<LoadedConfig> {
  const inner = await settle(content[key]);
  const nested = isTable(inner) && inner['apps'] !== undefined ? await settle(inner['apps']) : inner;
  const path = nested === inner ? key : `${key}.apps`;
  const apps = Array.isArray(nested) ? await listed(nested, file, path) : [await toApp(nested, file, path)];
  const holder = nested === inner ? (isPackage ? {} : content) : inner;
  const defaults = isTable(holder) ? await defaultsOf(await holder['defaults'], file) : {};
  if (isPackage) return { apps, ...defaults, warnings: [] };
  const metrics: unknown = isTable(holder) ? await holder['metrics'] : undefined;
  return { apps, ...defaults, ...(metrics === undefined ? {} : { metrics: readMetrics(metrics, file) }), warnings: extras(content, key, file) };
}

async function defaultsOf(given: unknown, file: string): Promise<Pick<LoadedConfig, 'defaults'>> {
  return given === undefined || given === null ? {} : { defaults: (await toApp(given, file, 'defaults', 'an object with options of all apps')).raw };
}

async function listed(items: readonly unknown[], file: string, path: string): Promise<RawApp[]> {
  if (items.length === 0) throw empty(file, '');
  return Promise.all(items.map((item, index) => toApp(item, file, `${path}[${index}]`)));
}

async function toApp(item: unknown, file: string, path: string, expected = 'an app (an object with "script")'): Promise<RawApp> {
  const app = await item;
  if (!isTable(app)) throw new LbError('LB_ERR_CONFIG_VALUE', { file, path, expected, got: describe(app) });
  // Copying runs the getters here, so that their errors are reported as errors of the file.
  return { path, raw: { ...app } };
}

function extras(content: Table, key: string, file: string): string[] {
  const expected = [key, 'metrics', 'defaults', 'default', '$schema', '__esModule', 'module.exports'];
  const names = Object.keys(content).filter((name) => !expected.includes(name) && content[name] !== undefined);
  return names.length === 0 ? [] : [`${file}: ignored next to "${key}": ${names.map((name) => withNearest(name, ['metrics', 'defaults'])).join(', ')}`];
}

const empty = (file: string, detail: string): LbError => new LbError('LB_ERR_CONFIG_EMPTY', { file, detail });

function reasonOf(error: unknown): string {
  if (errnoOf(error) === 'ENOENT') return 'no such file';
  return messageOf(error).split('\n')[0] ?? '';
}

const OWN_FILE = fileURLToPath(import.meta.url);

/** The part of a stack that helps: the position of a syntax error in its first lines, and the frames of the file. */
function stackOf(error: unknown): string[] {
  if (!(error instanceof Error) || errnoOf(error) === 'ENOENT') return [];
  return (error.stack ?? '')
    .split('\n')
    .filter((line) => !line.includes('node:internal') && !line.includes(OWN_FILE))
    .slice(0, 8);
}
