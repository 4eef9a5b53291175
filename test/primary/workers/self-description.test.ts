import { expect, it } from 'vitest';
import { SelfDescription } from '../../../src/primary/workers/self-description.ts';

it('a worker that was quiet once has reached that point of its drain, whatever comes then; its other reports replace each other', () => {
  const self = new SelfDescription();
  const blockers = { requests: 0, oldestMs: 0, connections: 0, websockets: 0, sockets: 0 };
  self.drains({ quiet: false, handler: null, blockers });
  expect(self.quiet).toBe(false);
  self.drains({ quiet: true, handler: 'SIGTERM', blockers });
  self.drains({ quiet: false, handler: 'SIGINT', blockers: { ...blockers, requests: 1, connections: 1 } });
  expect(self).toMatchObject({ quiet: true, handler: 'SIGINT', blockers: { requests: 1 } });
});
