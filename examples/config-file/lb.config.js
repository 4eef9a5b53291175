const { API_PORT = '3000', WEB_PORT = '3001' } = process.env;

/** @type {import('lb-supervisor').LbConfig} */
export default {
  apps: [
    {
      name: 'api',
      script: './api.js',
      instances: 2,
      max_memory_restart: '300M',
      env: { PORT: API_PORT },
      env_production: { LOG_LEVEL: 'warn' },
    },
    {
      name: 'web',
      script: './web.js',
      kill_timeout: '10s',
      env: { PORT: WEB_PORT, API_URL: `http://localhost:${API_PORT}` },
    },
  ],
};
