import { describe, expect, it } from 'vitest';
import { OPERATION_NAMES, type OperationName } from '../../src/lifecycle/operation-name.ts';
import { admit } from '../../src/lifecycle/operation-queue.ts';

const joinable = (kind: OperationName) => ({ kind, joinable: true });
const alone = (kind: OperationName) => ({ kind, joinable: false });
const notStop = OPERATION_NAMES.filter((name) => name !== 'stop');

describe('admit', () => {
  it.each(OPERATION_NAMES)('%s runs when nothing else does', (kind) => {
    expect(admit(alone(kind), null, [])).toEqual({ verdict: 'run' });
    expect(admit(joinable(kind), null, [])).toEqual({ verdict: 'run' });
  });

  it.each(OPERATION_NAMES)('%s waits behind one of another kind, and behind its own kind', (kind) => {
    if (kind === 'stop') return expect(admit(alone(kind), 'stop', [])).toEqual({ verdict: 'wait' });
    for (const running of OPERATION_NAMES) expect(admit(alone(kind), running, [])).toEqual({ verdict: 'wait' });
  });

  it('does not overtake one that waits although nothing runs', () => {
    expect(admit(alone('scale'), null, [alone('reload')])).toEqual({ verdict: 'wait' });
  });

  it('a second reload waits for the one that runs: that one has read the old files already', () => {
    expect(admit(joinable('reload'), 'reload', [])).toEqual({ verdict: 'wait' });
  });

  it('a third reload joins the second', () => {
    expect(admit(joinable('reload'), 'reload', [joinable('reload')])).toEqual({ verdict: 'join', index: 0 });
    expect(admit(joinable('reload'), 'reload', [alone('scale'), joinable('reload')])).toEqual({ verdict: 'join', index: 1 });
  });

  it('a reload with a definition of its own neither joins nor is joined', () => {
    expect(admit(alone('reload'), 'reload', [joinable('reload')])).toEqual({ verdict: 'wait' });
    expect(admit(joinable('reload'), 'reload', [alone('reload')])).toEqual({ verdict: 'wait' });
  });

  it('a restart does not join a reload', () => {
    expect(admit(joinable('restart'), 'scale', [joinable('reload')])).toEqual({ verdict: 'wait' });
  });

  it.each(notStop)('stop takes the place of a running %s', (running) => {
    expect(admit(alone('stop'), running, [])).toEqual({ verdict: 'preempt' });
    expect(admit(alone('stop'), running, [joinable('reload'), alone('scale')])).toEqual({ verdict: 'preempt' });
  });

  it('stop takes the place of what waits while nothing runs, but waits for another stop', () => {
    expect(admit(alone('stop'), null, [joinable('reload')])).toEqual({ verdict: 'preempt' });
    expect(admit(alone('stop'), 'stop', [])).toEqual({ verdict: 'wait' });
    expect(admit(alone('stop'), null, [alone('stop')])).toEqual({ verdict: 'wait' });
  });
});
