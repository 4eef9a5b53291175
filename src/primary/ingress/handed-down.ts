import { getSystemErrorMap } from 'node:util';
import { LbError } from '../../errors/lb-error.ts';
import type { AppSpec, HostPort } from '../../lifecycle/app-spec.ts';
import { socketQuery } from '../../protocol/socket-query.ts';
import type { RawListener } from '../handles/raw-handles.ts';
import type { Listeners } from './listeners.ts';

/** The listening sockets that commands inherit. Each is opened before the first of them starts. */
export class HandedDown {
  readonly #app: string;
  readonly #listeners: Listeners;

  constructor(app: string, listeners: Listeners) {
    this.#app = app;
    this.#listeners = listeners;
  }

  /** @throws LbError LB_ERR_LISTEN */
  async open({ socket }: Pick<AppSpec, 'socket'>): Promise<void> {
    if (socket === null) return;
    const { errno } = await this.#listeners.handDown(socketQuery(socket));
    if (errno !== 0) throw this.#problem(socket, getSystemErrorMap().get(errno)?.[1] ?? `error ${errno}`);
  }

  /** @throws LbError LB_ERR_LISTEN if it is not open */
  of({ socket }: Pick<AppSpec, 'socket'>): RawListener | null {
    if (socket === null) return null;
    const listener = this.#listeners.get(socketQuery(socket).key);
    if (listener !== undefined) return listener.handle;
    // The policy decides when it is tried again.
    void this.open({ socket }).catch(() => {});
    throw this.#problem(socket, 'it is not open yet');
  }

  #problem({ host, port }: HostPort, reason: string): LbError {
    return new LbError('LB_ERR_LISTEN', { app: this.#app, option: 'socket', where: `${host ?? '*'}:${port}`, reason });
  }
}
