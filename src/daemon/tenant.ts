import type { AppUser } from '../lifecycle/app-user.ts';
import type { PrimarySettings, Running } from '../protocol/attach.ts';
import type { EmitEvent } from '../protocol/event.ts';
import type { Malformed } from '../protocol/parser.ts';
import type { Attachment, Report } from './attachment.ts';
import type { Doors } from './doors.ts';
import type { KeptOutput } from './kept-outputs.ts';
import type { spawnPrimary } from './primary-process.ts';
import type { RelievedApp } from './relief.ts';
import type { FileReports } from './unwritten.ts';
import type { UserPrimaryOptions } from './user-primary.ts';

/** What the keeper of a primary needs of each app in it. */
export interface Tenant extends RelievedApp {
  /** It has ended, or agreed to end: its primary may go. */
  readonly mayEnd: boolean;
  /** As whom its primary runs; null for the user of the daemon. */
  readonly user: AppUser | null;
  /** Whether this port may be opened for it. */
  mayBind(port: number): boolean;
  readonly event: EmitEvent;
  /** Its primary connected. @param running null when the primary does not run this app yet */
  connected(attachment: Attachment, pid: number, running: Running | null): void;
  received(report: Report): void;
  /** Its primary sent something malformed, which was ignored. */
  malformed(problem: Malformed): void;
  /** Its primary ended unexpectedly. */
  lost(): void;
  /** It has no primary, and none will start. */
  ended(): void;
}

export interface PrimaryKeeperOptions {
  /** Of the primary: unique in this daemon, and the name of its record. */
  readonly name: string;
  readonly home: string;
  readonly primariesDir: string;
  readonly settings: () => Omit<PrimarySettings, 'name'>;
  readonly spawn: typeof spawnPrimary;
  /** For primaries of other users. */
  readonly userPrimaries: UserPrimaryOptions & { readonly doors: Pick<Doors, 'restore'> };
  readonly log: (message: string) => void;
  readonly reports: FileReports;
  /** Takes what workers go on printing after the death of their primary. */
  readonly orphaned: (output: KeptOutput) => void;
}
