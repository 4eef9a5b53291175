import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { hostAndPort } from '../../lifecycle/wording.ts';

const TOKEN_BYTES = 24;

/** A random token, safe in a URL. */
export const newToken = (): string => randomBytes(TOKEN_BYTES).toString('base64url');

/** Access control: only a browser that knows the token, at the dashboard's own address, from its own page. */
export class Access {
  readonly token: string;
  readonly #host: string;

  /** @param host the address to listen on */
  constructor(token: string, host: string) {
    this.token = token;
    this.#host = host;
  }

  /** Protects against DNS rebinding: refuses other host names, and requests without one. */
  isOwnHost({ headers: { host }, socket: { localAddress = '', localPort = 0 } }: IncomingMessage): boolean {
    const names = [this.#host, 'localhost', localAddress.replace(/^::ffff:/, '')].map((name) => hostAndPort(name, localPort));
    // Browsers omit port 80.
    return host !== undefined && names.includes(host.includes(':') ? host : `${host}:80`);
  }

  /** For WebSockets and POSTs: browsers send the origin of the page, and no page can forge it. */
  isOwnOrigin({ headers: { origin, host } }: IncomingMessage): boolean {
    return origin !== undefined && origin === `http://${host}`;
  }

  /** Whether the request has the cookie of an earlier visit. */
  hasCookie({ headers, socket: { localPort = 0 } }: IncomingMessage): boolean {
    const own = `${cookieName(localPort)}=`;
    const pairs = (headers.cookie ?? '').split(/; */).filter((pair) => pair.startsWith(own));
    return pairs.some((pair) => this.isToken(pair.slice(own.length)));
  }

  /** Compares in constant time. */
  isToken(given: string): boolean {
    return timingSafeEqual(digest(given), digest(this.token));
  }

  /** Browsers share cookies between ports, so the name contains the port. */
  cookie({ socket: { localPort = 0 } }: IncomingMessage): string {
    return `${cookieName(localPort)}=${this.token}; HttpOnly; SameSite=Strict; Path=/`;
  }
}

const cookieName = (port: number): string => `lb-dashboard-${port}`;
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
