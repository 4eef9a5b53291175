import type { OperationContext } from './operation.ts';

/** A look at what the workers' processes have open, before an operation decides how to replace them. */
export class Look {
  /** It has ended. */
  done = false;

  constructor({ replacement }: Pick<OperationContext, 'replacement'>) {
    void replacement.look().finally(() => {
      this.done = true;
    });
  }
}
