import type { DaemonAddress } from '../client/address.ts';
import type { LogMessage } from '../protocol/control.ts';
import type { Frame } from '../terminal/frame.ts';
import { paintChanges } from '../terminal/screen.ts';
import type { Palette } from '../terminal/style.ts';
import { Terminal, type Tty } from '../terminal/terminal.ts';
import { Feed } from './feed.ts';
import { initialModel, isSilent, type Effect, type Model } from './model.ts';
import { update, type Message } from './update.ts';
import { view } from './view.ts';

/** Minimum time between frames. */
const FRAME_MS = 33;
const TICK_MS = 1_000;

export interface MonitorOptions {
  readonly address: DaemonAddress;
  readonly tty: Tty;
  readonly palette: Palette;
  /** Opens the page of this app. */
  readonly app: string | null;
}

/** Runs the monitor until the user quits. @throws LbError if no daemon answers at first */
export async function runMonitor(options: MonitorOptions): Promise<void> {
  await new Monitor(options).run();
}

class Monitor {
  readonly #terminal: Terminal;
  readonly #feed: Feed;
  readonly #palette: Palette;
  #model: Model;
  #onScreen: Frame | null = null;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #frameTimer: NodeJS.Timeout | null = null;
  /** Log lines since the last frame: a busy app writes thousands per second. */
  #lines: LogMessage[] = [];
  #linesOf = '';
  #quit = (): void => {};

  constructor({ address, tty, palette, app }: MonitorOptions) {
    this.#palette = palette;
    this.#feed = new Feed(address, (message) => this.#dispatch(message));
    this.#terminal = new Terminal(tty, {
      key: (key) => this.#dispatch({ type: 'key', key }),
      changed: () => this.#redraw(),
      closed: () => this.#quit(),
    });
    this.#model = initialModel({ ...this.#terminal.size, now: Date.now(), app });
  }

  async run(): Promise<void> {
    await this.#feed.start();
    const quit = new Promise<void>((resolve) => (this.#quit = resolve));
    const ticker = setInterval(() => this.#tick(), TICK_MS);
    this.#terminal.open();
    this.#schedule();
    try {
      await quit;
    } finally {
      clearInterval(ticker);
      if (this.#frameTimer !== null) clearTimeout(this.#frameTimer);
      this.#terminal.close();
      this.#feed.stop();
    }
  }

  #dispatch(message: Message): void {
    if (message.type === 'logs') return this.#collect(message.app, message.messages);
    this.#apply(message);
    this.#schedule();
  }

  #apply(message: Message): void {
    const { model, effects } = update(this.#model, message);
    this.#model = model;
    for (const effect of effects) this.#perform(effect);
    if (model.page === 'app' && model.app !== null) this.#feed.recall(model.app);
  }

  #perform(effect: Effect): void {
    switch (effect.do) {
      case 'quit':
        return this.#quit();
      case 'suspend':
        return this.#terminal.suspend();
      case 'redraw':
        return this.#redraw();
      case 'follow':
        this.#lines = [];
        return this.#feed.follow(effect.app);
      case 'order':
        return void this.#feed.order(effect.order);
    }
  }

  #collect(app: string, messages: readonly LogMessage[]): void {
    if (app !== this.#linesOf) this.#lines = [];
    this.#linesOf = app;
    this.#lines.push(...messages);
    this.#schedule();
  }

  /** Advances the clock while no stats do. */
  #tick(): void {
    if (this.#model.link.state === 'gone' || isSilent(this.#model.live, Date.now())) this.#dispatch({ type: 'time', now: Date.now() });
  }

  #redraw(): void {
    this.#onScreen = null;
    this.#dispatch({ type: 'size', ...this.#terminal.size });
  }

  #schedule(): void {
    if (this.#frameTimer !== null) return;
    const wait = Math.max(0, this.#drawnAt + FRAME_MS - performance.now());
    this.#frameTimer = setTimeout(() => this.#draw(), wait);
  }

  #draw(): void {
    this.#frameTimer = null;
    this.#drawnAt = performance.now();
    if (this.#lines.length > 0) this.#apply({ type: 'logs', app: this.#linesOf, messages: this.#lines });
    this.#lines = [];
    const frame = view(this.#model);
    this.#terminal.write(paintChanges(this.#onScreen, frame, this.#palette));
    this.#onScreen = frame;
  }
}
