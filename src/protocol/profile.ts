/** What can be taken of a worker: a CPU profile, a heap snapshot, a sampling of allocations, Node's diagnostic report. */
export const PROFILE_KINDS = ['cpu', 'heap', 'heap-sampling', 'report'] as const;
export type ProfileKind = (typeof PROFILE_KINDS)[number];

/** For people. */
export const PROFILE_TITLES: Readonly<Record<ProfileKind, string>> = {
  cpu: 'CPU profile',
  heap: 'heap snapshot',
  'heap-sampling': 'sampling heap profile',
  report: 'report',
};

export const LONGEST_PROFILE_MS = 600_000;

/** `POST /v1/apps/:name/profile`. */
export interface ProfileBody {
  readonly what: ProfileKind;
  /** Default: the busiest ready worker. */
  readonly slot?: number;
  /** Of `cpu` and `heap-sampling`, at most ten minutes; default 10 s. */
  readonly durationMs?: number;
  /** Where the file goes, absolute; default: a new one in `profiles`, where it stays too when it cannot go there. */
  readonly output?: string;
}

/** What a worker is asked for. */
export interface ProfileRequest {
  readonly what: ProfileKind;
  readonly durationMs: number;
  /** Absolute; must not exist yet. */
  readonly path: string;
}

/** A file that was written. */
export interface ProfileFile {
  readonly what: ProfileKind;
  readonly path: string;
  readonly bytes: number;
  readonly slot: number;
  readonly pid: number;
}
