import type { ApplyStep, ReloadCause } from '../../lifecycle/apply-plan.ts';

const CAUSES: Readonly<Record<ReloadCause, string>> = {
  definition: 'its definition changed',
  environment: 'its environment changed',
  asked: 'asked by --reload',
};

/** What `lb apply` would do, in one line. */
export function describeStep(step: ApplyStep): string {
  switch (step.do) {
    case 'start':
      return `start ${step.app}`;
    case 'reload':
      return `reload ${step.app}: ${CAUSES[step.because]}`;
    case 'scale':
      return `scale ${step.app} from ${step.from} to ${step.to}`;
    case 'delete':
      return `delete ${step.app}: no longer in the file`;
    case 'keep':
      return `keep ${step.app}`;
  }
}

/** The same for programs; environments may be secret, so no definition is shown. */
export function shownStep(step: ApplyStep): object {
  if (!('spec' in step)) return step;
  const { spec: _, ...shown } = step;
  return shown;
}
