import type { Duplex } from 'node:stream';

/** An expected connection comes within this time, or to another process. */
const EXPECTED_MS = 5_000;
const LOOPBACK = /^(?:::ffff:)?127\.0\.0\.1$/;

/** The open connections of health checks. They are no traffic, and neither are their requests. */
export class Probes {
  readonly #open = new Set<unknown>();
  /** Ports of clients, with the time at which each was announced. */
  readonly #expected = new Map<number, number>();
  #isPassing = false;
  #any = false;
  readonly #first: () => void;

  /** @param first called before the first probe: servers must tell their connections from then on */
  constructor(first: () => void) {
    this.#first = first;
  }

  /** Whether there was or will be one. */
  get any(): boolean {
    return this.#any;
  }

  get size(): number {
    return this.#open.size;
  }

  /** A server gets the connection of a health check by `pass`. */
  pass(pass: () => void): void {
    this.#begin();
    this.#isPassing = true;
    try {
      pass();
    } finally {
      this.#isPassing = false;
    }
  }

  /** A server may get the connection of a health check from this port of this machine. */
  expect(port: number): void {
    this.#begin();
    const now = performance.now();
    for (const [old, since] of this.#expected) if (now - since > EXPECTED_MS) this.#expected.delete(old);
    this.#expected.set(port, now);
  }

  /** A server got this connection. */
  note(socket: Duplex): void {
    if (!this.#isPassing && (this.#expected.size === 0 || !this.#isExpected(socket))) return;
    this.#open.add(socket.once('close', () => this.#open.delete(socket)));
  }

  /** With TLS, `_parent` is the socket below. */
  has(socket: object): boolean {
    if (this.#open.size === 0) return false;
    return this.#open.has(socket) || ('_parent' in socket && this.#open.has(socket._parent));
  }

  #begin(): void {
    if (this.#any) return;
    this.#any = true;
    this.#first();
  }

  #isExpected(socket: Duplex & { readonly remoteAddress?: string; readonly remotePort?: number }): boolean {
    const { remoteAddress, remotePort } = socket;
    return remotePort !== undefined && LOOPBACK.test(remoteAddress ?? '') && this.#expected.delete(remotePort);
  }
}
