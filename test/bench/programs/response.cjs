/** Length of one whole response, or 0 while it is not there yet. @param {Buffer} buffer */
exports.responseLength = (buffer) => {
  const head = buffer.indexOf('\r\n\r\n');
  if (head < 0) return 0;
  const length = /content-length: (\d+)/i.exec(buffer.toString('latin1', 0, head));
  const whole = head + 4 + Number(length?.[1] ?? 0);
  return buffer.length >= whole ? whole : 0;
};
