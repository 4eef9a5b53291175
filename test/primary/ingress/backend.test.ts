import { expect, it } from 'vitest';
import { Backend } from '../../../src/primary/ingress/backend.ts';
import type { PendingConnection, Target } from '../../../src/primary/handles/connection.ts';

const target = (changes: Partial<Target> = {}): Target => ({ slot: 2, pending: null, connections: 3, hand: () => {}, ...changes });
const backend = (of: Target): Backend => new Backend({ target: of, weight: 4, backup: false });

it('reflects the current state of its worker', () => {
  let connections = 3;
  const worker = {
    ...target(),
    get connections() {
      return connections;
    },
  };
  const place = backend(worker);
  expect(place).toMatchObject({ slot: 2, weight: 4, backup: false, connections: 3, free: true });
  connections = 5;
  expect(place.connections).toBe(5);
  worker.pending = {} as PendingConnection;
  expect(place.free).toBe(false);
});

it('is full at its limit, and never without one', () => {
  const place = backend(target());
  expect(place.full).toBe(false);
  place.limit = 4;
  expect(place.full).toBe(false);
  place.limit = 3;
  expect(place.full).toBe(true);
});
