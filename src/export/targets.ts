import { compose } from './compose.ts';
import { dockerfile } from './dockerfile.ts';
import type { Exported, ExportOptions, ExportRequest } from './export-request.ts';
import { haproxy } from './haproxy.ts';
import { kubernetes } from './kubernetes.ts';
import { nginx } from './nginx.ts';
import { service } from './service.ts';

export interface ExportTarget {
  /** What is written, for the help. */
  readonly summary: string;
  /** The flags that it takes. */
  readonly options: readonly (keyof ExportOptions)[];
  /** CPUs for which `max` stands, without `--cpus`. */
  readonly cpus: (options: ExportOptions) => number;
  /** @throws LbError LB_ERR_EXPORT if the definition cannot be expressed there */
  readonly write: (request: ExportRequest) => Exported;
}

/** Of a container or pod that is to have several. */
const SEVERAL = 2;

/** Every target of `lb export`, in the order of its help. */
export const EXPORT_TARGETS: ReadonlyMap<string, ExportTarget> = new Map<string, ExportTarget>([
  ['haproxy', { summary: 'haproxy.cfg in front of the hosts', options: ['hosts', 'bind'], cpus: () => 1, write: haproxy }],
  ['nginx', { summary: 'a file for nginx in front of the hosts', options: ['hosts', 'bind'], cpus: () => 1, write: nginx }],
  ['systemd', { summary: 'the unit of "lb startup --app"', options: [], cpus: () => 1, write: service }],
  ['dockerfile', { summary: 'an image with the project, Node.js, lb and an init', options: [], cpus: () => SEVERAL, write: dockerfile }],
  [
    'compose',
    { summary: 'services for Docker Compose and Swarm', options: ['image', 'replicas', 'cpus'], cpus: ({ cpus }) => cpus ?? SEVERAL, write: compose },
  ],
  [
    'kubernetes',
    {
      summary: 'Deployments, Services and what belongs to them',
      options: ['image', 'replicas', 'cpus', 'allCores'],
      cpus: ({ allCores, cpus }) => (allCores === true ? (cpus ?? SEVERAL) : 1),
      write: kubernetes,
    },
  ],
]);
