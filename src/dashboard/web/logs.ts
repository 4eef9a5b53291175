import { useEffect, useRef, useState } from 'preact/hooks';
import type { LogLine, LogMessage } from '../../protocol/control.ts';
import { keepOpen } from './live-socket.ts';
import { isMessage } from './received.ts';

const KEPT_LINES = 1_000;

type NumberedLine = LogLine & { readonly id: number };

export interface Logs {
  readonly lines: readonly NumberedLine[];
  /** New lines that a pause holds back. */
  readonly waiting: number;
  /** Lines that the daemon dropped because they came too fast. */
  readonly dropped: number;
}

const EMPTY: Logs = { lines: [], waiting: 0, dropped: 0 };

/** Follows the log of one app, or of all apps; renders at most once per frame. */
export function useLogs(app: string | null, paused: boolean): Logs {
  const [shown, show] = useState<Logs>(EMPTY);
  const isPaused = useRef(paused);
  const refresh = useRef(() => {});
  isPaused.current = paused;
  useEffect(() => {
    show(EMPTY);
    return follow(app, isPaused, show, refresh);
  }, [app]);
  useEffect(() => refresh.current(), [paused]);
  return shown;
}

/** Reconnects after a loss; recent lines are then sent again. Returns a function that stops it. */
function follow(
  app: string | null,
  isPaused: { current: boolean },
  show: (update: (before: Logs) => Logs) => void,
  refresh: { current: () => void },
): () => void {
  let lines: NumberedLine[] = [];
  let dropped = 0;
  let ids = 0;
  let frame = 0;
  const draw = (): void => {
    frame = 0;
    const now = [...lines];
    show((before) =>
      isPaused.current ? { ...before, waiting: now.filter(({ id }) => id > (before.lines.at(-1)?.id ?? 0)).length } : { lines: now, waiting: 0, dropped },
    );
  };
  refresh.current = () => {
    if (frame === 0) frame = requestAnimationFrame(draw);
  };
  const close = keepOpen(`/logs${app === null ? '' : `?app=${encodeURIComponent(app)}`}`, {
    opened: () => (lines = []),
    message: (message) => {
      if (!isMessage<LogMessage>(message, ['line', 'dropped'])) return;
      if (message.type === 'dropped') dropped += message.lines;
      else lines.push({ ...message.line, id: ++ids });
      if (lines.length > 2 * KEPT_LINES) lines = lines.slice(-KEPT_LINES);
      refresh.current();
    },
  });
  return () => {
    close();
    cancelAnimationFrame(frame);
  };
}
