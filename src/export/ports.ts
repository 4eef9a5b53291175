import { LbError } from '../errors/lb-error.ts';
import type { AppSpec, HostPort } from '../lifecycle/app-spec.ts';

const MAX_PORT = 65_535;
const HIGHEST_LOOPBACK = /^(?:127\.|::1$|localhost$)/;

/** The port that the definition says the app listens on; null if it says none. */
export function portOf({ port, socket, env }: AppSpec): number | null {
  if (port !== null) return port;
  if (socket !== null) return socket.port;
  const variable = Number(env['PORT'] ?? '');
  return Number.isInteger(variable) && variable > 0 && variable <= MAX_PORT ? variable : null;
}

/** Nobody on another machine, or outside of the container, reaches it. */
export const isLoopback = ({ host }: HostPort): boolean => host !== null && HIGHEST_LOOPBACK.test(host);

/** Whether a proxy has to name the client on a port. */
export const takesProxyHeader = ({ proxyProtocol }: AppSpec, port: number): boolean =>
  proxyProtocol !== null && (proxyProtocol.ports === null || proxyProtocol.ports.includes(port));

/** The one app that a proxy stands in front of. @throws LbError LB_ERR_EXPORT */
export function servedApp(apps: readonly AppSpec[], target: string): { readonly app: AppSpec; readonly port: number } {
  const served = apps.flatMap((app) => {
    const port = portOf(app);
    return port === null ? [] : [{ app, port }];
  });
  const [only, ...others] = served;
  if (only === undefined) {
    const problem = `the port of ${apps.map(({ name }) => `"${name}"`).join(', ')} is not known; set "port" in the definition`;
    throw new LbError('LB_ERR_EXPORT', { target, problem });
  }
  if (others.length > 0) {
    const names = served.map(({ app }) => `"${app.name}"`).join(', ');
    throw new LbError('LB_ERR_EXPORT', { target, problem: `${names} have ports, and a proxy is written for one; choose it with --only` });
  }
  return only;
}
