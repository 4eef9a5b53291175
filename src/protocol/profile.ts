/** A CPU profile, a heap snapshot, sampled allocations, or Node's diagnostic report. */
export const PROFILE_KINDS = ['cpu', 'heap', 'heap-sampling', 'report'] as const;
export type ProfileKind = (typeof PROFILE_KINDS)[number];

/** Titles for messages. */
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
  /** For `cpu` and `heap-sampling`: at most ten minutes, default 10 s. */
  readonly durationMs?: number;
  /** Absolute path; default: a new file in `profiles`. If the file can't be moved to this path, it stays there. */
  readonly output?: string;
}

/** A request to a worker. */
export interface ProfileRequest {
  readonly what: ProfileKind;
  readonly durationMs: number;
  /** Absolute path; must not exist. */
  readonly path: string;
  /** Where it is written until it is whole. */
  readonly partial: string;
}

/** A written profile. */
export interface ProfileFile {
  readonly what: ProfileKind;
  readonly path: string;
  readonly bytes: number;
  readonly slot: number;
  readonly pid: number;
}
