import type { LbEvent, ResultRecord, StreamRecord } from '../../protocol/control.ts';
import type { AppSnapshot } from '../../protocol/snapshot.ts';
import { TextLines } from '../../protocol/text-lines.ts';
import type { Action, PageMessage } from '../messages.ts';
import type { History } from './history.ts';
import { keepOpen } from './live-socket.ts';
import { isHistories, isMessage, isObject } from './received.ts';

const KEPT_EVENTS = 300;

/** An operation that was started on this page. */
export interface Run {
  readonly app: string;
  readonly action: Action;
  readonly lines: readonly string[];
  /** Null while it runs. */
  readonly result: { readonly ok: boolean; readonly message: string } | null;
}

/** The state of the page. It notifies its listeners of changes. */
class Store {
  apps: readonly AppSnapshot[] | null = null;
  /** Epoch milliseconds of the last stats, on the daemon's clock. */
  at = 0;
  events: readonly LbEvent[] = [];
  version = '';
  home = '';
  actions = false;
  /** Why no data arrives; null while it does. */
  trouble: string | null = null;
  /** The last run of each app. */
  runs: ReadonlyMap<string, Run> = new Map();
  readonly #histories = new Set<History>();
  readonly #listeners = new Set<() => void>();
  /** 0 if no frame is requested. */
  #frame = 0;

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Keeps the WebSocket open. */
  connect(): void {
    keepOpen('/live', {
      message: (message) => {
        if (isMessage<PageMessage>(message, ['welcome', 'daemon', 'stats', 'event'])) this.#take(message);
        this.#changed();
      },
      closed: () => {
        this.trouble = '"lb dashboard" has ended, or no longer knows this browser: open the URL that it printed';
        this.#changed();
      },
    });
  }

  /** Loads the daemon's history in one request, then adds live stats. Returns a function that stops this. */
  follow(history: History): () => void {
    this.#histories.add(history);
    if (this.apps !== null) history.record(this.at, this.apps);
    void this.#recall(history);
    return () => this.#histories.delete(history);
  }

  /** Starts an operation and follows it. */
  async run(app: string, action: Action, body: unknown = {}): Promise<void> {
    let run: Run = { app, action, lines: [], result: null };
    const set = (next: Partial<Run>): void => {
      run = { ...run, ...next };
      this.runs = new Map(this.runs).set(app, run);
      this.#changed();
    };
    const take = (one: StreamRecord): void => {
      if (one.type === 'result') set({ result: resultOf(one) });
      else if (run.lines.at(-1) !== one.message) set({ lines: [...run.lines, one.message] });
    };
    set({});
    try {
      const response = await fetch(`/api/apps/${encodeURIComponent(app)}/${action}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      if (!response.ok) set({ result: { ok: false, message: await failureOf(response) } });
      else await eachRecord(response, take);
      if (run.result === null) set({ result: { ok: false, message: 'the connection closed before the operation finished; the operation continues' } });
    } catch (error) {
      set({ result: { ok: false, message: String(error) } });
    }
  }

  dismiss(app: string): void {
    this.runs = new Map([...this.runs].filter(([name]) => name !== app));
    this.#changed();
  }

  #take(message: PageMessage): void {
    if (message.type === 'welcome') Object.assign(this, { version: message.version, home: message.home, actions: message.actions });
    else if (message.type === 'daemon') {
      if (message.up && this.trouble !== null) for (const history of this.#histories) void this.#recall(history);
      this.trouble = message.up ? null : message.reason;
      // Recent events are sent again.
      if (message.up) this.events = [];
    } else if (message.type === 'event') this.events = [message.event, ...this.events].slice(0, KEPT_EVENTS);
    else {
      this.trouble = null;
      this.at = message.at;
      this.apps = [...message.apps].sort((a, b) => (a.name < b.name ? -1 : 1));
      for (const history of this.#histories) history.record(message.at, message.apps);
    }
  }

  /** If the request fails, the charts begin with live data. */
  async #recall(history: History): Promise<void> {
    const { level, app, metrics, resolution, points } = history.query;
    const search = new URLSearchParams([
      ['level', level],
      ['resolution', resolution],
      ['points', String(points)],
      ...metrics.map((metric) => ['metric', metric]),
      ...(app === null ? [] : [['app', app]]),
    ]);
    const response = await fetch(`/api/histories?${search}`).catch(() => null);
    if (response?.ok !== true) return;
    const answer: unknown = await response.json();
    if (isHistories(answer)) history.recall(answer.series);
    this.#changed();
  }

  /** Notifies at most once per frame: hundreds of events can arrive at once. */
  #changed(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      for (const listener of this.#listeners) listener();
    });
  }
}

export const store = new Store();

const resultOf = (result: ResultRecord): NonNullable<Run['result']> => ({ ok: result.ok, message: result.ok ? result.message : result.error.message });

async function failureOf(response: Response): Promise<string> {
  const body: unknown = await response.json().catch(() => null);
  const error = isObject(body) ? body['error'] : null;
  return isObject(error) && typeof error['message'] === 'string' ? error['message'] : `failed with status ${response.status}`;
}

async function eachRecord({ body }: Response, take: (record: StreamRecord) => void): Promise<void> {
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
  const text = new TextLines();
  for (;;) {
    const chunk = await reader?.read();
    if (chunk === undefined || chunk.done) return;
    for (const line of text.take(chunk.value).filter((each) => each !== '')) {
      const record: unknown = JSON.parse(line);
      if (isMessage<StreamRecord>(record, ['progress', 'result'])) take(record);
    }
  }
}
