import pino from 'pino';
import type { Logger } from 'pino';

/** Creates the log of an instance: JSON lines on standard output. Bodies, secrets and tokens are never handed to it. */
export function createLogger(options: { level: string; domain: string }): Logger {
  return pino({
    level: options.level,
    base: { domain: options.domain },
    redact: ['req.headers.cookie', 'req.headers.authorization', '*.password', '*.authSecret', '*.privateKey'],
  });
}
