import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

/** The rules of docs/architecture.md that can be read off the source text. */

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SRC = join(ROOT, 'src');

interface Import {
  readonly from: string;
  /** A module's name, or a path within `src`. */
  readonly to: string;
  /** `type`: erased; `lazy`: loaded when the code gets there. */
  readonly how: 'static' | 'type' | 'lazy';
}

interface SourceFile {
  /** Path within `src`. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
  readonly exits: boolean;
  readonly anys: readonly number[];
}

function filesBelow(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function read(file: string): SourceFile {
  const path = relative(SRC, file);
  const text = readFileSync(file, 'utf8');
  const parsed = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const imports: Import[] = [];
  const anys: number[] = [];
  let exits = false;
  const add = (specifier: ts.Node | undefined, how: Import['how']): void => {
    if (specifier === undefined || !ts.isStringLiteral(specifier)) return;
    const to = specifier.text.startsWith('.') ? join(dirname(path), specifier.text) : specifier.text;
    imports.push({ from: path, to, how });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isErased(node) ? 'type' : 'static');
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly ? 'type' : 'static');
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, 'type');
    else if (ts.isCallExpression(node) && isLoad(node.expression)) add(node.arguments[0], 'lazy');
    else if (node.kind === ts.SyntaxKind.AnyKeyword) anys.push(parsed.getLineAndCharacterOfPosition(node.getStart()).line + 1);
    else if (ts.isPropertyAccessExpression(node) && node.getText() === 'process.exit') exits = true;
    ts.forEachChild(node, visit);
  };
  visit(parsed);
  return { path, text, imports, exits, anys };
}

function isErased({ importClause }: ts.ImportDeclaration): boolean {
  if (importClause === undefined) return false;
  if (importClause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const { name, namedBindings } = importClause;
  return name === undefined && namedBindings !== undefined && ts.isNamedImports(namedBindings) && namedBindings.elements.every((element) => element.isTypeOnly);
}

function isLoad(callee: ts.Expression): boolean {
  return callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require');
}

const files = filesBelow(SRC)
  .filter((file) => /\.tsx?$/.test(file))
  .map(read);
const imports = files.flatMap((file) => file.imports);
const isOurs = ({ to }: Import): boolean => /\.tsx?$/.test(to);
const isBuiltin = ({ to }: Import): boolean => to.startsWith('node:') || builtinModules.includes(to);
const isPackage = (one: Import): boolean => !isOurs(one) && !isBuiltin(one);
/** Of the page in the browser: built ahead, with all it needs in one file. */
const isOfPage = ({ from }: Import): boolean => from.startsWith('dashboard/web/');
/** The folder of a path within `src`; a file beside the folders stands for itself. */
const folderOf = (path: string): string => path.split('/')[0] ?? path;
/** The folders side by side that an import connects: those in which the two paths part. Null when one of them is a file there. */
function siblings({ from, to }: Import): [string, string] | null {
  const [a, b] = [dirname(from).split('/'), dirname(to).split('/')];
  const parting = a.findIndex((folder, at) => folder !== b[at]);
  if (parting === -1 || parting >= b.length || a[0] === '.' || b[0] === '.') return null;
  return [a.slice(0, parting + 1).join('/'), b.slice(0, parting + 1).join('/')];
}

/** Every set of nodes that can all reach each other, as `a ⇄ b ⇄ c`. */
function circles(edges: readonly (readonly [string, string])[]): string[] {
  const next = new Map<string, Set<string>>();
  for (const [from, to] of edges) next.set(from, (next.get(from) ?? new Set()).add(to));
  const reachableFrom = (start: string): Set<string> => {
    const reached = new Set<string>();
    const visit = (node: string): void => {
      for (const to of next.get(node) ?? []) {
        if (reached.has(to)) continue;
        reached.add(to);
        visit(to);
      }
    };
    visit(start);
    return reached;
  };
  const reachable = new Map([...next.keys()].map((node) => [node, reachableFrom(node)]));
  const circleOf = (node: string): string[] => [...(reachable.get(node) ?? [])].filter((other) => reachable.get(other)?.has(node) === true);
  const found = [...next.keys()].map(circleOf).filter((circle) => circle.length > 0);
  return [...new Set(found.map((circle) => circle.sort().join(' ⇄ ')))].sort();
}

const written = ({ from, to, how }: Import): string => `${from} → ${to}${how === 'static' ? '' : ` (${how})`}`;

interface Rule {
  readonly may: readonly string[];
  /** More of which only types may be taken. */
  readonly types?: readonly string[];
}

/** Who may import whom, besides itself. */
const RULES: Readonly<Record<string, Rule>> = {
  errors: { may: [] },
  lifecycle: { may: ['errors'] },
  balancing: { may: ['errors'], types: ['lifecycle'] },
  system: { may: ['errors'] },
  protocol: { may: ['errors', 'lifecycle'] },
  config: { may: ['errors', 'lifecycle'] },
  logs: { may: ['errors', 'system', 'protocol'], types: ['lifecycle'] },
  metrics: { may: ['errors', 'lifecycle', 'system', 'protocol'] },
  worker: { may: [], types: ['lifecycle', 'protocol'] },
  primary: { may: ['errors', 'lifecycle', 'balancing', 'system', 'protocol', 'config', 'logs', 'metrics'] },
  daemon: { may: ['errors', 'lifecycle', 'balancing', 'system', 'protocol', 'config', 'logs', 'metrics'] },
  client: { may: ['errors', 'lifecycle', 'protocol', 'system'] },
  terminal: { may: [] },
  monitor: { may: ['terminal', 'client', 'errors', 'protocol', 'lifecycle'] },
  dashboard: { may: ['client', 'errors', 'protocol', 'lifecycle'] },
  export: { may: ['errors', 'lifecycle'] },
  cli: { may: ['export', 'client', 'terminal', 'monitor', 'dashboard', 'config', 'errors', 'protocol', 'lifecycle', 'system', 'logs'] },
  'report.ts': { may: [], types: ['protocol'] },
  'connect.ts': { may: ['config', 'client', 'errors', 'system'], types: ['lifecycle', 'protocol'] },
  'index.ts': { may: ['config', 'client', 'errors', 'connect.ts'], types: ['lifecycle', 'protocol'] },
};

/** Where a program becomes another one, or needs what it shares with it at run time. */
const EXCEPTIONS: readonly string[] = [
  'cli/load-daemon.ts → daemon/main.ts (lazy)',
  'cli/load-daemon.ts → daemon/main.ts (type)',
  'worker/app-metrics.ts → protocol/parser.ts',
  'worker/channel.ts → protocol/parser.ts',
  'worker/channel.ts → protocol/parse-to-worker.ts',
  'worker/channel.ts → protocol/worker.ts',
  'worker/connections.ts → protocol/worker.ts',
  'worker/duties.ts → protocol/parse-from-worker.ts (lazy)',
  'worker/heartbeat.ts → protocol/worker.ts',
  'worker/output.ts → protocol/output-mark.ts',
  'worker/members.ts → protocol/parser.ts',
  'worker/members.ts → protocol/worker.ts',
  'worker/orphan.ts → protocol/worker.ts',
  'worker/preload.ts → protocol/parser.ts',
  'worker/preload.ts → protocol/parse-to-worker.ts',
  'worker/preload.ts → protocol/worker.ts',
  'worker/traffic.ts → protocol/worker.ts',
];

function isAllowed(one: Import): boolean {
  const [from, to] = [folderOf(one.from), folderOf(one.to)];
  const rule = RULES[from];
  if (from === to) return true;
  if (rule?.may.includes(to) === true) return true;
  return one.how === 'type' && rule?.types?.includes(to) === true;
}

describe('imports', () => {
  it('are read at all', () => {
    expect(files.length).toBeGreaterThan(100);
    expect(imports.map(written)).toContain('lifecycle/move-worker.ts → errors/lb-error.ts');
    expect(imports.map(written)).toContain('worker/drain.ts → lifecycle/drain-blockers.ts (type)');
  });

  it('of every folder have a rule', () => {
    const folders = new Set(files.map(({ path }) => folderOf(path)));
    expect([...folders].filter((folder) => RULES[folder] === undefined)).toEqual([]);
  });

  it('keep to the layers', () => {
    const broken = imports.filter((one) => isOurs(one) && !isAllowed(one)).map(written);
    expect(broken.filter((one) => !EXCEPTIONS.includes(one))).toEqual([]);
    expect(
      EXCEPTIONS.filter((one) => !broken.includes(one)),
      'an exception that nobody needs',
    ).toEqual([]);
  });

  it('name files that are there, with their extension', () => {
    const wrong = imports.filter((one) => (isOurs(one) ? !existsSync(join(SRC, one.to)) : one.to.includes('/') && folderOf(one.to) in RULES));
    expect(wrong.map(written)).toEqual([]);
  });

  it('of packages are dependencies, and every dependency is imported', () => {
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { dependencies: Record<string, string> };
    const used = new Set(
      imports
        .filter((one) => isPackage(one) && !isOfPage(one))
        .map(({ to }) =>
          to
            .split('/')
            .slice(0, to.startsWith('@') ? 2 : 1)
            .join('/'),
        ),
    );
    expect([...used].sort()).toEqual(Object.keys(dependencies).sort());
  });

  it('of packages cost neither daemon nor primary memory before they are needed, and a worker never any', () => {
    const costly = imports.filter((one) => isPackage(one) && one.how !== 'type');
    expect(costly.filter(({ from }) => folderOf(from) === 'worker').map(written)).toEqual([]);
    const resident = ['primary', 'daemon', 'protocol', 'lifecycle', 'errors', 'system', 'logs', 'metrics'];
    expect(costly.filter(({ from, how }) => how === 'static' && resident.includes(folderOf(from))).map(written)).toEqual([]);
  });

  it('of built-in modules say `node:`', () => {
    expect(imports.filter((one) => isBuiltin(one) && !one.to.startsWith('node:')).map(written)).toEqual([]);
  });

  it('of node:cluster stand where workers are forked, and in the preload', () => {
    const loads = imports.filter(({ to, how }) => to === 'node:cluster' && how !== 'type').map(({ from }) => from);
    expect(loads.sort()).toEqual(['primary/workers/cluster-worker.ts', 'worker/preload.ts']);
  });
});

describe('import circles', () => {
  const ours = imports.filter(isOurs);
  const ofFiles = circles(ours.map(({ from, to }) => [from, to]));
  const ofFolders = circles(ours.map(siblings).filter((pair) => pair !== null));

  it('are found, whatever their length', () => {
    const chain = [
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'd'],
    ] as const;
    expect(circles(chain)).toEqual([]);
    expect(circles([...chain, ['d', 'b'], ['x', 'x']])).toEqual(['b ⇄ c ⇄ d', 'x']);
  });

  it('of folders are circles of folders side by side, with all that is below them', () => {
    const between = (from: string, to: string): [string, string] | null => siblings({ from, to, how: 'type' });
    expect(between('daemon/hooks/a.ts', 'system/b.ts')).toEqual(['daemon', 'system']);
    expect(between('primary/watch/hang/a.ts', 'primary/door/b.ts')).toEqual(['primary/watch', 'primary/door']);
    expect(between('primary/door/proxy/a.ts', 'primary/door/b.ts')).toBeNull();
    expect(between('primary/door/a.ts', 'primary/door/proxy/b.ts')).toBeNull();
    expect(between('index.ts', 'config/b.ts')).toBeNull();
    expect(between('config/a.ts', 'report.ts')).toBeNull();
  });

  it('are none, neither of files nor of folders side by side', () => {
    expect([...ofFiles, ...ofFolders]).toEqual([]);
  });
});

describe('the page of the dashboard', () => {
  const ofPage = imports.filter(isOfPage);

  it('takes only what runs in a browser: its own files, Preact, uPlot, and words and types that every program shares', () => {
    const shared = ['dashboard/messages.ts', 'protocol/history.ts', 'protocol/text-lines.ts'];
    const own = (one: Import): boolean => isOurs(one) && (one.to.startsWith('dashboard/web/') || one.to.startsWith('lifecycle/') || shared.includes(one.to));
    const erased = (one: Import): boolean => one.how === 'type' && folderOf(one.to) === 'protocol';
    const bundled = (one: Import): boolean => isPackage(one) && ['preact', 'preact/hooks', 'uplot'].includes(one.to);
    expect(ofPage.length).toBeGreaterThan(20);
    expect(ofPage.filter((one) => !own(one) && !erased(one) && !bundled(one)).map(written)).toEqual([]);
  });

  it('is loaded by no program', () => {
    expect(imports.filter((one) => !isOfPage(one) && one.to.startsWith('dashboard/web/')).map(written)).toEqual([]);
  });
});

describe('the pure core', () => {
  const pure = files.filter(({ path }) => ['lifecycle', 'balancing', 'errors', 'metrics', 'export'].includes(folderOf(path)));

  it('does no I/O: it imports nothing of Node', () => {
    expect(
      pure
        .flatMap((file) => file.imports)
        .filter((one) => isBuiltin(one))
        .map(written),
    ).toEqual([]);
  });

  it('has neither clock nor chance nor timers', () => {
    const impure =
      /\b(Date\.now|new Date\(|performance\.now|Math\.random|setTimeout|setInterval|setImmediate|process\.(hrtime|uptime|env|kill|on|once|exit|pid)\b)/;
    expect(pure.filter(({ text }) => impure.test(text)).map(({ path }) => path)).toEqual([]);
  });
});

const MAX_LINES = 300;

describe('every file of src', () => {
  it('ends the process only where a program begins, and where a worker leaves', () => {
    const isMain = (path: string): boolean => basename(path) === 'main.ts' || path === 'cli/run-program.ts' || path === 'daemon/program.ts';
    expect(files.filter(({ path, exits }) => exits && !isMain(path)).map(({ path }) => path)).toEqual(['worker/drain.ts']);
  });

  it('knows its types: no `any`', () => {
    expect(files.flatMap(({ path, anys }) => anys.map((line) => `${path}:${line}`))).toEqual([]);
  });

  it('is done: nothing is left to do in it', () => {
    expect(files.filter(({ text }) => /\b(TODO|FIXME|XXX|HACK)\b/.test(text)).map(({ path }) => path)).toEqual([]);
  });

  it(`has at most ${MAX_LINES} lines`, () => {
    const lines = (text: string): number => text.split('\n').length - 1;
    const long = files.filter(({ text }) => lines(text) > MAX_LINES && !text.startsWith('// Generated'));
    expect(long.map(({ path, text }) => `${path}: ${lines(text)}`)).toEqual([]);
  });

  it('has a name in kebab-case', () => {
    expect(files.map(({ path }) => path).filter((path) => !/^([a-z0-9-]+\/)*[a-z0-9-]+\.tsx?$/.test(path))).toEqual([]);
  });
});

describe('the whole repository', () => {
  const own = fileURLToPath(import.meta.url);
  const texts = ['src', 'bin', 'test', 'docs', 'examples']
    .flatMap((folder) => filesBelow(join(ROOT, folder)))
    .filter((file) => /\.([cm]?[jt]s|md|json|ya?ml|sh)$/.test(file) && file !== own && !file.includes('node_modules'));

  it('never ends processes by name', () => {
    expect(texts.filter((file) => /\b(pkill|killall)\b/.test(readFileSync(file, 'utf8'))).map((file) => relative(ROOT, file))).toEqual([]);
  });

  it('refers to nothing outside of itself', () => {
    expect(texts.filter((file) => /\.\.\/shared\b/.test(readFileSync(file, 'utf8'))).map((file) => relative(ROOT, file))).toEqual([]);
  });
});
