import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{protocol,e2ee,server,client,conformance,scripts,tests,bench,simulation}/**/*.test.{ts,tsx}'],
    environment: 'node',
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
