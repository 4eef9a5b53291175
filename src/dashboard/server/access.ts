import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { hostAndPort } from '../../lifecycle/wording.ts';

const TOKEN_BYTES = 24;

/** A secret that fits into a URL. */
export const newToken = (): string => randomBytes(TOKEN_BYTES).toString('base64url');

/** Who may talk to a dashboard: a browser that knows the token, on the dashboard's own address, from its own page. */
export class Access {
  readonly token: string;
  readonly #host: string;

  /** @param host the address it was told to listen on. */
  constructor(token: string, host: string) {
    this.token = token;
    this.#host = host;
  }

  /** Against DNS rebinding: a foreign name that leads here is refused, and so is none. */
  isOwnHost({ headers: { host }, socket: { localAddress = '', localPort = 0 } }: IncomingMessage): boolean {
    const names = [this.#host, 'localhost', localAddress.replace(/^::ffff:/, '')].map((name) => hostAndPort(name, localPort));
    // A browser leaves the port 80 out.
    return host !== undefined && names.includes(host.includes(':') ? host : `${host}:80`);
  }

  /** A browser names the page a WebSocket or a POST comes from, and lets no page lie about it. */
  isOwnOrigin({ headers: { origin, host } }: IncomingMessage): boolean {
    return origin !== undefined && origin === `http://${host}`;
  }

  /** By the cookie of an earlier visit. */
  isKnown({ headers, socket: { localPort = 0 } }: IncomingMessage): boolean {
    const own = `${cookieName(localPort)}=`;
    const pairs = (headers.cookie ?? '').split(/; */).filter((pair) => pair.startsWith(own));
    return pairs.some((pair) => this.isToken(pair.slice(own.length)));
  }

  /** Takes the same time however much of it is right. */
  isToken(given: string): boolean {
    return timingSafeEqual(digest(given), digest(this.token));
  }

  /** Browsers do not tell cookies of two ports apart, so the port is in the name. */
  cookie({ socket: { localPort = 0 } }: IncomingMessage): string {
    return `${cookieName(localPort)}=${this.token}; HttpOnly; SameSite=Strict; Path=/`;
  }
}

const cookieName = (port: number): string => `lb-dashboard-${port}`;
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
