import type { OperationContext } from './operation.ts';

/** Looks at what the workers' processes have open, before an operation decides how to replace them. */
export class Inspection {
  /** It has ended. */
  done = false;

  constructor({ replacement }: Pick<OperationContext, 'replacement'>) {
    void replacement.inspect().finally(() => {
      this.done = true;
    });
  }
}
