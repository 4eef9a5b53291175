import type { DaemonAddress } from '../client/address.ts';
import { waitForDaemon } from '../client/ensure-daemon.ts';
import { followAll } from '../client/follow-all.ts';
import { parseApp, parseLogLines } from '../client/parse.ts';
import { appPath, type Channel } from '../client/request.ts';
import { stayConnected } from '../client/stay-connected.ts';
import { openStream } from '../client/stream.ts';
import { subscribeLogs } from '../client/subscribe.ts';
import { messageOf } from '../errors/lb-error.ts';
import type { LogMessage } from '../protocol/control.ts';
import { MachineMeter } from './machine.ts';
import type { Notice, AppRequest } from './model.ts';
import { fetchHistory } from './fetch-history.ts';
import type { Message } from './update.ts';

const LINES_BEFORE = 500;

/** Receives everything from the daemon, as messages, and reconnects when the daemon is away. */
export class Feed {
  readonly #address: DaemonAddress;
  readonly #dispatch: (message: Message) => void;
  readonly #ended = new AbortController();
  readonly #machine = new MachineMeter();
  /** Apps whose history was requested on this connection; null for that of all apps. */
  readonly #recalled = new Set<string | null>();
  #channel: Channel | null = null;
  #following: { readonly app: string; readonly abort: AbortController } | null = null;

  constructor(address: DaemonAddress, dispatch: (message: Message) => void) {
    this.#address = address;
    this.#dispatch = dispatch;
    this.#machine.sample();
  }

  /** @throws LbError if the first connection fails; later ones are retried */
  async start(): Promise<void> {
    const { channel } = await waitForDaemon(this.#address);
    const use = (each: Channel, signal: AbortSignal): Promise<void> => this.#use(each, signal);
    const onDown = (): void => {
      this.#channel = null;
      this.#dispatch({ type: 'link', link: { state: 'gone', since: Date.now() } });
    };
    void stayConnected(this.#address, this.#ended.signal, { use, onDown }, channel);
  }

  stop(): void {
    this.#ended.abort();
    this.#following?.abort.abort();
    this.#channel?.close();
  }

  /** Follows the log of an app; null for none. */
  follow(app: string | null): void {
    this.#following?.abort.abort();
    this.#following = app === null ? null : { app, abort: new AbortController() };
    this.#followOn(LINES_BEFORE);
  }

  /** Requests, once, the daemon's history of an app and its slots, or of all apps. If that fails, the charts begin empty. */
  recall(app: string | null): void {
    if (this.#channel === null || this.#recalled.has(app)) return;
    this.#recalled.add(app);
    fetchHistory(this.#channel, app).then(
      (series) => this.#dispatch({ type: 'history', series }),
      () => {},
    );
  }

  /** Shows progress and result as notices. */
  async order({ app, action, body }: AppRequest): Promise<void> {
    const notify = (kind: Notice['kind'], text: string): void => this.#dispatch({ type: 'notice', notice: { kind, text } });
    try {
      if (this.#channel === null) return notify('bad', 'not possible while the daemon is gone');
      for await (const record of openStream(this.#channel, 'POST', appPath(app, action), body)) {
        if (record.type === 'progress') notify('info', record.message);
        else if (record.ok) notify('good', record.message);
        else notify('bad', record.error.message);
      }
    } catch (error) {
      notify('bad', messageOf(error));
    }
  }

  async #use(channel: Channel, ended: AbortSignal): Promise<void> {
    this.#channel = channel;
    this.#dispatch({ type: 'link', link: { state: 'up' } });
    this.#recalled.clear();
    this.recall(null);
    this.#followOn(0);
    await followAll(channel, ended, {
      stats: ({ at, apps }) => this.#dispatch({ type: 'stats', at, apps, machine: this.#machine.sample() }),
      event: (event) => this.#dispatch({ type: 'events', events: [event] }),
    });
  }

  #followOn(lines: number): void {
    const [channel, following] = [this.#channel, this.#following];
    if (channel === null || following === null) return;
    const { app, abort } = following;
    const dispatch = (messages: readonly LogMessage[]): void => this.#dispatch({ type: 'logs', app, messages });
    void readLogs(channel, app, { lines, signal: abort.signal, dispatch }).catch((error: unknown) => {
      if (!abort.signal.aborted && this.#channel === channel) this.#dispatch({ type: 'notice', notice: { kind: 'bad', text: messageOf(error) } });
    });
  }
}

interface LogReading {
  readonly lines: number;
  readonly signal: AbortSignal;
  readonly dispatch: (messages: readonly LogMessage[]) => void;
}

/** The subscription replays the primary's memory; a stopped app has only its files. */
async function readLogs(channel: Channel, app: string, { lines, signal, dispatch }: LogReading): Promise<void> {
  const { primaryPid } = parseApp(await channel.json(appPath(app)));
  if (primaryPid === null && lines > 0) {
    const kept = parseLogLines(await channel.json(`${appPath(app, 'logs')}?lines=${lines}`));
    if (!signal.aborted) dispatch(kept.map((line) => ({ type: 'line', line })));
  }
  for await (const message of subscribeLogs(channel, { app, lines }, signal)) dispatch([message]);
}
