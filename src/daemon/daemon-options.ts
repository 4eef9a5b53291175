import type { DaemonRole } from '../lifecycle/daemon-role.ts';
import type { ServiceManager } from '../system/service-manager.ts';

/** How the service manager, if there is one, gets to know the daemon that comes after this one. */
export type Successors = Pick<ServiceManager, 'env' | 'lead' | 'isThere'>;

export interface DaemonOptions {
  readonly home: string;
  readonly version: string;
  readonly role: DaemonRole;
  /** Why it was started, for the event; empty if nobody says so. */
  readonly because?: string;
  /** Why this process runs the installation instead of a copy of it; null if it runs a copy. */
  readonly notCopied: string | null;
  readonly log: (message: string) => void;
  readonly manager: Successors;
  /** `POST /v1/shutdown` has been answered. */
  readonly onShutdown: () => void;
  /** Another daemon takes over: this one has to close, and the apps go on. */
  readonly onHandOver: (why: string) => void;
  /** No app has a primary any more. */
  readonly onAllEnded?: () => void;
}
