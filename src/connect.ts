import { connectClient, type Client as DaemonClient, type ClientOptions, type Follow, type Outcome } from './client/client.ts';
import { resolveApps, STDIN, type LbConfig } from './config/index.ts';
import { cpuBudget } from './system/cpu-budget.ts';
import { ownUmask } from './system/umask.ts';

/** A program's view of a running daemon. */
export interface Client extends Omit<DaemonClient, 'startSpecs' | 'startAgain'> {
  /**
   * Starts apps: those of a config, or by name one that is defined and does not run. As with `lb start`, relative paths count from the
   * current directory, and the apps get the environment of this process. What already runs is left as it is.
   * @throws LbError LB_ERR_CONFIG_VALUE for a wrong option, before anything is started; LB_ERR_OTHER_DEFINITION if an app runs as something else
   */
  start(what: LbConfig | string, follow?: Follow): Promise<Outcome>;
}

/**
 * Connects to the running daemon; never starts one.
 * @throws LbError LB_ERR_DAEMON_NOT_RUNNING, LB_ERR_DAEMON_UNREACHABLE or LB_ERR_PROTOCOL
 */
export async function connect(options: ClientOptions = {}): Promise<Client> {
  const client = await connectClient(options);
  const { home, node } = client.hello;
  return {
    ...client,
    start: async (what, follow) => {
      if (typeof what === 'string') return await client.startAgain(what, follow);
      const { apps } = await resolveApps({
        target: STDIN,
        stdin: JSON.stringify(what),
        flags: {},
        appArgs: [],
        env: process.env,
        cwd: process.cwd(),
        home,
        cpuBudget: cpuBudget(),
        umask: ownUmask(),
        node: process.execPath,
        nodeVersion: `v${node}`,
      });
      return await client.startSpecs(apps, follow);
    },
  };
}
