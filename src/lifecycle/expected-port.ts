import type { AppSpec } from './app-spec.ts';

/** The port on which an app should listen, as its definition says: `port 3000`, or `PORT=3000`, which is only a hint. Null if it says nothing. */
export function expectedPort({ port, env }: Pick<AppSpec, 'port' | 'env'>): string | null {
  if (port !== null) return `port ${port}`;
  const hinted = portInEnv(env);
  return hinted === null ? null : `PORT=${hinted}`;
}

/** The ports that a definition names, however it does. */
export function namedPorts({ port, env }: Pick<AppSpec, 'port' | 'env'>): number[] {
  return [port, portInEnv(env)].filter((one) => one !== null);
}

function portInEnv({ PORT }: AppSpec['env']): number | null {
  const port = Number(PORT);
  return PORT !== undefined && /^\d+$/.test(PORT) && port > 0 && port <= 65_535 ? port : null;
}

/** The port that a changed definition gives up: the old one names it, and the new one names another. As `:3000`; null if there is none. */
export function movedPort(before: Pick<AppSpec, 'port' | 'env'>, after: Pick<AppSpec, 'port' | 'env'>): string | null {
  const [old, next] = [before, after].map(({ port, env }) => port ?? portInEnv(env));
  return old == null || next == null || old === next ? null : `:${old}`;
}
