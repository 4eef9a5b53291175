export default {
  apps: [
    {
      name: 'web',
      script: '../http/server.js',
      instances: 'max',
      balance: 'ip-hash',
      proxy_protocol: true,
      // Addresses that may name the client in a PROXY header.
      proxy_protocol_from: ['127.0.0.1'],
      health_port: 9000,
    },
  ],
};
