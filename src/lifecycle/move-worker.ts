import { LbError } from '../errors/lb-error.ts';
import { WORKER_TRANSITIONS, type WorkerState } from './states.ts';

/** The new state. @throws LbError LB_ERR_STATE if the table does not allow the move */
export function moveWorker(from: WorkerState, to: WorkerState, subject = 'worker'): WorkerState {
  if (!WORKER_TRANSITIONS[from].includes(to)) throw new LbError('LB_ERR_STATE', { subject, from, to });
  return to;
}
