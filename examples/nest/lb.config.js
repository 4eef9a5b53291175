export default {
  apps: [
    {
      name: 'api',
      script: 'npm',
      args: 'run start:prod',
      instances: 'max',
      env: { NODE_ENV: 'production', PORT: '3000' },
    },
  ],
};
