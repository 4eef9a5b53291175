// The app, which hangs for ever in a loop once it gets SIGUSR2.
process.on('SIGUSR2', () => {
  for (;;);
});
require('./app.cjs');
