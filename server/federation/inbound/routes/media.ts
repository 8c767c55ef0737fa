import { ProtocolError } from '../../../../protocol/errors.ts';
import type { Route } from './route.ts';

/**
 * Creates `GET /media/{mediaId}`. This server keeps no media and announces 0 bytes of it [KEY-2], so every id, of
 * whatever form, is one of a medium that the requester may not have.
 * @see docs/protocol.md [API-9]
 */
export function createMediaRoute(): Route {
  return {
    name: 'media',
    method: 'GET',
    path: ['media', null],
    async answer() {
      throw new ProtocolError('unknown_media');
    },
  };
}
