/** The head of an HTTP answer. */
export interface HttpHead {
  readonly status: number;
  readonly location: string | null;
}

const LOCATION = /\r\nlocation:[ \t]*([^\r\n]*)/i;

/**
 * The first answer that is not informational; null while too little of it is there. Of a redirect that is the whole head, of others
 * the first line.
 */
export function readHead(text: string): HttpHead | 'malformed' | null {
  const line = /^(.*?)\r?\n/.exec(text)?.[1];
  if (line === undefined) return null;
  const status = Number(/^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(line)?.[1]);
  if (Number.isNaN(status)) return 'malformed';
  if (status >= 200 && (status < 300 || status > 399)) return { status, location: null };
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return null;
  return status < 200 ? readHead(text.slice(end + 4)) : { status, location: LOCATION.exec(text.slice(0, end))?.[1]?.trim() ?? null };
}
