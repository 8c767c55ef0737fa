import { maxBodyBytesAt } from '../../../protocol/endpoints.ts';
import { ProtocolError } from '../../../protocol/errors.ts';
import { headerValues } from './federation-exchange.ts';
import type { FederationRequest } from './federation-exchange.ts';

/** `application/json`, alone or with `charset=utf-8`, which may be quoted (RFC 9110 section 8.3.1). */
const JSON_MEDIA_TYPE = /^application\/json(?:[ \t]*;[ \t]*charset=(?:utf-8|"utf-8"))?$/i;

/**
 * Checks media type and size and gives the body; throws {@link ProtocolError} `unsupported_media_type` or
 * `body_too_large`. A GET has no media check.
 * @see docs/protocol.md [SIG-11] [ERR-3]
 */
export function checkFraming({ method, rawTarget, headers, body }: FederationRequest): Uint8Array {
  if (method !== 'GET' && !isPlainJson(headers)) throw new ProtocolError('unsupported_media_type');
  if (body === 'too_large' || body.length > maxBodyBytesAt(rawTarget)) throw new ProtocolError('body_too_large');
  return body;
}

function isPlainJson(headers: FederationRequest['headers']): boolean {
  const [mediaType, ...more] = headerValues(headers, 'content-type');
  const isJson = mediaType !== undefined && more.length === 0 && JSON_MEDIA_TYPE.test(mediaType.trim());
  return isJson && headerValues(headers, 'content-encoding').length === 0;
}
