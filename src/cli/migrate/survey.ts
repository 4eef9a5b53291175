import { appNamesIn, resolveApps, STDIN } from '../../config/index.ts';
import { LbError, messageOf } from '../../errors/lb-error.ts';
import { cpuBudget } from '../../system/cpu-budget.ts';
import { isSamePlace } from '../../system/same-place.ts';
import { ownUmask } from '../../system/umask.ts';
import { definitionOf } from './definition.ts';
import { look, type Seen } from './look.ts';
import type { AppFacts } from './plan.ts';
import type { Pm2App } from './pm2-list.ts';

export interface Surveyed {
  /** An ecosystem file whose definitions are preferred to those that PM2 lists. */
  readonly file: string | undefined;
  readonly envName: string | undefined;
  readonly cwd: string;
  readonly home: string;
  /** Names of the apps of `lb`. */
  readonly taken: ReadonlySet<string>;
}

/** Looks at each app: how `lb` would define it, and what its processes listen on. */
export async function survey(apps: readonly Pm2App[], surveyed: Surveyed): Promise<ReadonlyMap<Pm2App, AppFacts>> {
  const { file, cwd, taken } = surveyed;
  const inFile = file === undefined ? [] : await appNamesIn({ target: file, cwd, env: process.env });
  const facts = new Map<Pm2App, AppFacts>();
  for (const app of apps) {
    const seen = await look(app);
    const defined = await define(app, seen, { ...surveyed, file: inFile.includes(app.name) ? file : undefined });
    facts.set(app, { ...defined, ...seen, isTaken: taken.has(app.name) });
  }
  return facts;
}

async function define(app: Pm2App, seen: Seen, { file, envName, cwd, home }: Surveyed): Promise<Pick<AppFacts, 'spec' | 'differences'>> {
  const { entry, differences } = definitionOf(app);
  const content = JSON.stringify({ apps: [{ ...entry, ...nodeOf(app, seen), ...(isRunning(app) ? {} : { autostart: false }) }] });
  const from = file === undefined ? { target: STDIN, stdin: content } : { target: file, only: [app.name] };
  try {
    const { apps, warnings, notes } = await resolveApps({
      ...from,
      ...(envName === undefined || file === undefined ? {} : { envName }),
      flags: {},
      appArgs: [],
      env: app.env,
      cwd,
      home,
      cpuBudget: cpuBudget(),
      umask: ownUmask(),
      node: process.execPath,
    });
    const [spec] = apps;
    if (spec === undefined) throw new LbError('LB_ERR_INTERNAL', { reason: `no definition of ${app.name}` });
    return { spec: spec, differences: [...(file === undefined ? differences : []), ...warnings, ...notes] };
  } catch (error) {
    return { spec: messageOf(error).replace(/^stdin: (?:apps\[0\]\.)?/, ''), differences: [] };
  }
}

const isRunning = ({ processes }: Pm2App): boolean => processes.some(({ pid }) => pid !== 0);

/** It goes on with the Node.js that runs it. */
function nodeOf({ settings }: Pm2App, { node }: Seen): object {
  if (node === null || settings['exec_interpreter'] !== 'node' || isSamePlace(node, process.execPath)) return {};
  return { interpreter: node };
}
