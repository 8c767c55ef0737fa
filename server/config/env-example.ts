import { SETTINGS } from './settings.ts';
import type { Setting } from './settings.ts';

/** Writes `.env.example`: every setting with its meaning and default, commented out unless it is required. */
export function envExample(): string {
  const blocks = Object.entries<Setting<unknown>>(SETTINGS).map(([name, { meaning, defaultText, absent }]) => {
    const line = absent === 'required' ? `${name}=chat.example.org` : `# ${name}=`;
    return `# ${meaning}\n# default: ${defaultText}\n${line}\n`;
  });
  return ['# Settings of one SecureChat instance. Each can also be given as <NAME>_FILE, the path of a file that holds it.\n', ...blocks].join('\n');
}
