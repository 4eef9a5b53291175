import type { AppSpec, HostPort } from '../lifecycle/app-spec.ts';

export const PACKAGE_MANAGERS = ['npm', 'pnpm', 'yarn'] as const;
export type PackageManager = (typeof PACKAGE_MANAGERS)[number];

/** What of the project decides how its image is made. */
export interface ProjectFacts {
  /** The one whose lock file is there; null for a project without one. */
  readonly lockedBy: PackageManager | null;
  readonly hasPackage: boolean;
  readonly hasBuildScript: boolean;
  /** It installs `lb` itself. */
  readonly dependsOnLb: boolean;
}

/** What a flag of `lb export` adds to the definition; undefined if it was not given. */
export interface ExportOptions {
  /** Machines that run the apps, the port of the app optional. */
  readonly hosts?: readonly Host[] | undefined;
  /** Where a proxy listens. */
  readonly bind?: number | undefined;
  readonly image?: string | undefined;
  /** Containers or pods. */
  readonly replicas?: number | undefined;
  /** Of one container or pod. */
  readonly cpus?: number | undefined;
  readonly allCores?: boolean | undefined;
}

export interface Host {
  readonly host: string;
  /** Null for the port of the app. */
  readonly port: number | null;
}

/** Of the machine on which it is exported, for what runs there. */
interface MachineFacts {
  readonly user: string;
  /** Absolute paths of Node.js and of `lb`. */
  readonly node: string;
  readonly program: string;
}

/** A definition, and what else an export follows from. Nothing else goes in, so the same request gives the same text. */
export interface ExportRequest {
  /** The command line, for the header. */
  readonly command: string;
  /** The config file, relative to its own directory, which is the project. */
  readonly file: string;
  readonly directory: string;
  /** The `--only` with which it is read. */
  readonly only: string | null;
  /** The `--env` with which it is read. */
  readonly envName: string | null;
  readonly apps: readonly AppSpec[];
  readonly metrics: HostPort | null;
  readonly project: ProjectFacts;
  /** Major version of Node.js, and the version of lb, for images. */
  readonly nodeMajor: number;
  readonly lbVersion: string;
  readonly machine: MachineFacts;
  readonly options: ExportOptions;
}

export interface Exported {
  readonly text: string;
  /** What the reader should know before using it. */
  readonly notes: readonly string[];
}
