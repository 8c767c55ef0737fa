import { buildPages } from './build.ts';

// `npm start`: builds the pages if they are missing or old, then runs one instance from the environment.
await buildPages();
await import('../server/main.ts');
