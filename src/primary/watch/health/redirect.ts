const LONGEST = 120;

/**
 * Where a redirect leads, if that is another host or scheme than was asked; null otherwise. Without its query, which may hold a token.
 * @param asked the URL of the request
 */
export function redirectElsewhere(status: number, location: string | null, asked: string): string | null {
  if (status < 300 || status > 399 || location === null || !URL.canParse(location, asked)) return null;
  const [from, to] = [new URL(asked), new URL(location, asked)];
  if (from.protocol === to.protocol && from.hostname === to.hostname) return null;
  const shown = `${to.protocol}//${to.host}${to.pathname}`;
  return shown.length > LONGEST ? `${shown.slice(0, LONGEST)}…` : shown;
}
