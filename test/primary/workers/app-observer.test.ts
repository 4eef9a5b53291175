import { expect, it } from 'vitest';
import { notifier, type AppObserver } from '../../../src/primary/workers/app-observer.ts';
import { sampleSpec } from '../../lifecycle/sample-spec.ts';

it('calls only the observers of an event, in order', () => {
  const log: string[] = [];
  class Feed implements AppObserver<string> {
    readonly name = 'feed';
    onBeat(worker: string): void {
      log.push(`${this.name} beat ${worker}`);
    }
    onExit(worker: string, code: number | null): void {
      log.push(`${this.name} exit ${worker} ${code}`);
    }
  }
  const observers: AppObserver<string>[] = [];
  const notify = notifier(observers);
  observers.push({ onExit: (worker) => log.push(`first exit ${worker}`) }, new Feed());
  notify('onBeat', 'w1');
  notify('onExit', 'w1', 3, null);
  notify('onSpecChanged', sampleSpec());
  expect(log).toEqual(['feed beat w1', 'first exit w1', 'feed exit w1 3']);
});
