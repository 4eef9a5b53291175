/**
 * How a daemon came to be. `background`: lb started it when it was needed. `foreground`: somebody, mostly a service manager, ran
 * `lb daemon`. `successor`: lb started it in place of the one that runs. `run`: it is `lb run`, whose apps end with it.
 */
export const DAEMON_ROLES = ['background', 'foreground', 'successor', 'run'] as const;
export type DaemonRole = (typeof DAEMON_ROLES)[number];

/** The role that the program `lb daemon` was given; none if somebody ran it. */
export const daemonRole = (given: string | undefined): DaemonRole => DAEMON_ROLES.find((role) => role === given) ?? 'foreground';

/**
 * Whether a daemon leaves the home to another one. One that lb started by itself makes way for one that somebody runs; two that
 * somebody runs would take turns for ever; `lb run` keeps its apps.
 */
export function handsOver(own: DaemonRole, other: DaemonRole): boolean {
  if (own === 'run') return false;
  return other === 'successor' || (other === 'foreground' && own !== 'foreground');
}

/** Whether a daemon with this role asks the one that runs to make way. */
export const takesOver = (role: DaemonRole): boolean => role === 'foreground' || role === 'successor';
