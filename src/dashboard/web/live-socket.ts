const RETRY_MS = 1_000;

interface LiveSocketEvents {
  readonly opened?: () => void;
  /** Called with what came, not yet checked. */
  readonly message: (message: unknown) => void;
  readonly closed?: () => void;
}

/** Keeps a WebSocket to the server of this page open: after a loss it connects again. Returns a function that ends it. */
export function keepOpen(path: string, { opened, message, closed }: LiveSocketEvents): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let socket: WebSocket;
  const open = (): void => {
    socket = new WebSocket(`ws://${location.host}${path}`);
    if (opened !== undefined) socket.onopen = opened;
    socket.onmessage = ({ data }) => message(JSON.parse(String(data)));
    socket.onclose = () => {
      closed?.();
      timer = setTimeout(open, RETRY_MS);
    };
  };
  open();
  return () => {
    socket.onclose = null;
    socket.close();
    clearTimeout(timer);
  };
}
