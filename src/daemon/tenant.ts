import type { PrimarySettings, Running } from '../protocol/attach.ts';
import type { EmitEvent } from '../protocol/event.ts';
import type { Malformed } from '../protocol/parser.ts';
import type { Attachment, Report } from './attachment.ts';
import type { KeptOutput } from './kept-outputs.ts';
import type { spawnPrimary } from './primary-process.ts';
import type { RelievedApp } from './relief.ts';
import type { FileReports } from './unwritten.ts';

/** What the keeper of a primary needs of each app in it. */
export interface Tenant extends RelievedApp {
  /** It has ended, or agreed to end: its primary may go. */
  readonly mayEnd: boolean;
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
  readonly primariesDir: string;
  readonly settings: () => Omit<PrimarySettings, 'name'>;
  readonly spawn: typeof spawnPrimary;
  readonly log: (message: string) => void;
  readonly reports: FileReports;
  /** Takes what workers go on printing after the death of their primary. */
  readonly orphaned: (output: KeptOutput) => void;
}
