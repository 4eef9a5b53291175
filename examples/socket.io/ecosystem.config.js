export default {
  apps: [
    {
      name: 'chat',
      script: './server.js',
      instances: 4,
      // All requests of a long-polling session must reach the worker that knows it.
      balance: 'ip-hash',
    },
  ],
};
