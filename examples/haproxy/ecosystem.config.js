export default {
  apps: [
    {
      name: 'web',
      script: '../http/server.js',
      instances: 'max',
      balance: 'ip-hash',
      proxy_protocol: true,
      // Who may say who the client is.
      proxy_protocol_from: ['127.0.0.1'],
      health_port: 9000,
      drain_delay: '5s',
    },
  ],
};
