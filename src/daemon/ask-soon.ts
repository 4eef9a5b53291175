import type { Answer, Order } from '../protocol/attach.ts';
import { withDeadline } from '../system/deadline.ts';
import type { Attachment } from './attachment.ts';

const DEADLINE_MS = 1_000;

/** The answer to an order; null if it takes longer than a second. @param answered called only if it is in time */
export async function askSoon(attachment: Attachment, app: string, order: Order, answered?: () => void): Promise<Answer | null> {
  let late = false;
  const inTime = (): void => {
    if (!late) answered?.();
  };
  const answer = await withDeadline(
    attachment.order(app, order, undefined, inTime).catch(() => null),
    DEADLINE_MS,
  );
  late = true;
  return answer;
}
