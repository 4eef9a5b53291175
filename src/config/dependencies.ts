import { LbError } from '../errors/lb-error.ts';
import { findCycle } from '../lifecycle/start-order.ts';
import { describe } from './describe.ts';
import { suggestion } from './nearest.ts';
import { valueError, type Layer, type Origin } from './read-values.ts';

/** An app of a config file, as far as others depend on it. */
interface FileApp {
  readonly nameInFile: string;
  readonly path: string;
  readonly layer: Layer;
}

/** What is wrong with `depends_on` in a file: names of no app of it, and cycles. */
export function dependencyProblems(apps: readonly FileApp[], file: string): LbError[] {
  const names = apps.map(({ nameInFile }) => nameInFile);
  const originOf = ({ layer, path }: FileApp): Origin => layer.origins.get('depends_on') ?? { file, path: `${path}.depends_on` };
  const unknown = apps.flatMap((app) =>
    (app.layer.values.depends_on ?? [])
      .filter((name) => !names.includes(name))
      .map((name) => valueError(originOf(app), `names of apps in this file (${names.join(', ')})`, describe(name) + suggestion(name, names))),
  );
  const cycle = findCycle(apps.map(({ nameInFile: name, layer }) => ({ name, dependsOn: layer.values.depends_on ?? [] })));
  const first = apps.find(({ nameInFile }) => nameInFile === cycle?.[0]);
  return cycle === null || first === undefined ? unknown : [...unknown, valueError(originOf(first), 'no app that depends on itself', cycle.join(' -> '))];
}
