export default {
  apps: [
    {
      name: 'web',
      script: './server.js',
      // As many as the CPU limit of the container allows.
      instances: 'max',
      health_port: 9000,
      // Time for every node and balancer to learn that this pod takes no more connections; no preStop hook is needed.
      drain_delay: '10s',
      kill_timeout: '30s',
    },
  ],
};
