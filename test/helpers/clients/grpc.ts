import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { onTestFinished } from 'vitest';
import { fixture } from '../paths.ts';
import { countError, countServed, emptyTally, type AppIdentity, type Tally } from '../tally.ts';

/** The client that grpc-js makes of the service of the fixture. */
interface GrpcClient {
  Who(request: { readonly ms: number }, answered: (error: Error | null, answer: AppIdentity) => void): void;
  Watch(request: object): EventEmitter<{ data: [{ readonly pid: number }]; status: [GrpcStatus]; error: [Error] }>;
  close(): void;
}

interface GrpcStatus {
  readonly code: number;
  readonly details: string;
}

const { connect } = createRequire(import.meta.url)(fixture('grpc.cjs')) as { readonly connect: (address: string) => GrpcClient };

export interface GrpcStream {
  /** Messages so far. */
  readonly count: () => number;
  readonly pid: () => number;
  /** The status with which it ended. */
  readonly ended: Promise<GrpcStatus>;
}

/** A client of the grpc fixture, with one channel. It never repeats a call by itself, except as gRPC prescribes: one that no server has seen. */
export function connectGrpc(port: number): { who(ms: number): Promise<AppIdentity>; watch(): Promise<GrpcStream> } {
  const client = connect(`127.0.0.1:${port}`);
  onTestFinished(() => client.close());
  return {
    who: (ms) => new Promise((resolve, reject) => client.Who({ ms }, (error, answer) => (error === null ? resolve(answer) : reject(error)))),
    watch: () =>
      new Promise((resolve) => {
        const stream = client.Watch({});
        let [count, pid] = [0, 0];
        const ended = new Promise<GrpcStatus>((end) => stream.on('status', end));
        stream.on('error', () => {});
        stream.on('data', (message) => {
          pid = message.pid;
          if (++count === 1) resolve({ count: () => count, pid: () => pid, ended });
        });
      }),
  };
}

/** One call after the other on a channel of its own for each of these durations. */
export function startGrpcLoad(port: number, durationsMs: readonly number[]): { stop(): Promise<Tally>; tally(): Tally } {
  const tally = emptyTally();
  let stopped = false;
  onTestFinished(() => void (stopped = true));
  const callers = durationsMs.map(async (ms) => {
    const { who } = connectGrpc(port);
    while (!stopped) {
      const startedAt = performance.now();
      await who(ms).then(
        (answer) => countServed(tally, answer, performance.now() - startedAt),
        (error: unknown) => void countError(tally, error, String(error)),
      );
    }
  });
  return {
    tally: () => tally,
    async stop() {
      stopped = true;
      await Promise.all(callers);
      return tally;
    },
  };
}
