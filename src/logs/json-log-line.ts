import type { StoredLine } from './stored-line.ts';

/** How a line of `log_type: 'json'` begins, in lb and in PM2. */
const START = '{"message":"';

/** A line of `log_type: 'json'` as what the app wrote; any other line as it is. */
export function jsonLogLine(line: StoredLine): StoredLine {
  if (!line.text.startsWith(START)) return line;
  const { message, app_name: app, process_id: slot, type } = fieldsOf(line.text);
  if (typeof message !== 'string' || typeof app !== 'string') return line;
  return {
    ...line,
    text: message.replace(/\r?\n$/, ''),
    slot: line.slot ?? (typeof slot === 'number' ? slot : null),
    stream: line.stream ?? (type === 'out' || type === 'err' ? type : null),
  };
}

function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
  } catch {
    return {};
  }
}
