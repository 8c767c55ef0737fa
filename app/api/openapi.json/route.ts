import packageJson from '../../../package.json' with { type: 'json' };
import { buildOpenApiDocument } from '../../../protocol/openapi/openapi-document.ts';

export const dynamic = 'force-static';

/** Answers with the OpenAPI 3.1 description of the server-to-server API. */
export function GET(): Response {
  return Response.json(buildOpenApiDocument({ version: packageJson.version }));
}
