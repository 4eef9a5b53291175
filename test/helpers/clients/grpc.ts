import { createRequire } from 'node:module';
import { credentials, makeClientConstructor, type ClientReadableStream, type ServiceDefinition, type ServiceError } from '@grpc/grpc-js';
import { onTestFinished } from 'vitest';
import { fixture } from '../paths.ts';
import { countError, countServed, emptyTally, type AppIdentity, type Tally } from '../tally.ts';

const { service } = createRequire(import.meta.url)(fixture('grpc.cjs')) as { readonly service: ServiceDefinition };
const Client = makeClientConstructor(service, 'App');

type Who = (request: { readonly ms: number }, answered: (error: ServiceError | null, answer: AppIdentity) => void) => void;
type Watch = (request: object) => ClientReadableStream<{ readonly pid: number }>;

export interface GrpcStream {
  /** Messages so far. */
  readonly count: () => number;
  readonly pid: () => number;
  /** The status with which it ended. */
  readonly ended: Promise<{ readonly code: number; readonly details: string }>;
}

/** A client of the grpc fixture, with one channel. It never repeats a call by itself, except as gRPC prescribes: one that no server has seen. */
export function connectGrpc(port: number): { who(ms: number): Promise<AppIdentity>; watch(): Promise<GrpcStream> } {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  onTestFinished(() => client.close());
  const who = (client['Who'] as Who).bind(client);
  const watch = (client['Watch'] as Watch).bind(client);
  return {
    who: (ms) => new Promise((resolve, reject) => who({ ms }, (error, answer) => (error === null ? resolve(answer) : reject(error)))),
    watch: () =>
      new Promise((resolve) => {
        const stream = watch({});
        let [count, pid] = [0, 0];
        const ended = new Promise<{ code: number; details: string }>((end) => stream.on('status', ({ code, details }) => end({ code, details })));
        stream.on('error', () => {});
        stream.on('data', (message: { pid: number }) => {
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
