import type { AppSpec } from '../../lifecycle/app-spec.ts';
import { wantsEvent } from '../../lifecycle/event-hook.ts';
import type { LbEvent } from '../../protocol/event.ts';
import { HookQueue } from './hook-queue.ts';
import { postEvent } from './post-event.ts';
import { runCommand } from './run-command.ts';

const TIMEOUT_MS = 10_000;

/** A hook may have both; each has its own queue, so that one that fails does not repeat the other. */
const TARGETS = ['run', 'url'] as const;
type Target = (typeof TARGETS)[number];

interface EventHooksOptions {
  /** The definition of an app as it is now; undefined when there is none. */
  readonly specOf: (app: string) => AppSpec | undefined;
  readonly failed: (app: string, message: string) => void;
  /** Default 10 s. */
  readonly timeoutMs?: number;
  /** See `HookQueue`. */
  readonly retryDelaysMs?: readonly number[];
}

/** Gives the events of each app to its `on_event` hook. Whatever a hook does, nobody waits for it. */
export class EventHooks {
  readonly #options: EventHooksOptions;
  readonly #queues = new Map<string, HookQueue>();
  readonly #underWay = new Set<AbortController>();

  constructor(options: EventHooksOptions) {
    this.#options = options;
  }

  happened(event: LbEvent): void {
    const { app } = event;
    const hook = app === null ? null : (this.#options.specOf(app)?.onEvent ?? null);
    if (app === null || hook === null || !wantsEvent(hook, event)) return;
    for (const target of TARGETS) if (hook[target] !== null) this.#queue(app, target).add(event);
  }

  /** What is under way has so long to end; then it is given up, and nothing more is tried. */
  async close(withinMs: number): Promise<void> {
    const queues = [...this.#queues.values()];
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<void>((resolve) => (timer = setTimeout(resolve, withinMs)));
    await Promise.race([Promise.all(queues.map((queue) => queue.settled())), deadline]);
    clearTimeout(timer);
    for (const queue of queues) queue.close();
    for (const controller of this.#underWay) controller.abort('the daemon ended');
  }

  #queue(app: string, target: Target): HookQueue {
    const key = `${app} ${target}`;
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      const { failed, retryDelaysMs } = this.#options;
      queue = new HookQueue({ call: (event) => this.#call(app, target, event), failed: (message) => failed(app, `on_event ${target}: ${message}`), retryDelaysMs });
      this.#queues.set(key, queue);
    }
    return queue;
  }

  /** As the hook is defined now: a reload may have repaired it since the last try. */
  async #call(app: string, target: Target, event: LbEvent): Promise<void> {
    const { timeoutMs = TIMEOUT_MS, specOf } = this.#options;
    const spec = specOf(app);
    const { run = null, url = null } = spec?.onEvent ?? {};
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(`no end within ${timeoutMs / 1000} s`), timeoutMs);
    this.#underWay.add(controller);
    try {
      if (target === 'run' && spec !== undefined && run !== null) await runCommand({ run, cwd: spec.cwd, env: spec.env }, event, controller.signal);
      if (target === 'url' && url !== null) await postEvent(url, event, controller.signal);
    } finally {
      clearTimeout(timer);
      this.#underWay.delete(controller);
    }
  }
}
