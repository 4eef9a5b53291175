// Loaded into a command before its own code: tells the largest memory that it had, on stderr.
process.on('exit', () => process.stderr.write(`peak ${process.resourceUsage().maxRSS}\n`));
