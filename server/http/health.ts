import type { NodeHandler } from './web-listener.ts';

/** Answers that the process is alive. */
export const answerHealthz: NodeHandler = (_request, response) => {
  respond(response, 200, { status: 'alive' });
};

/** Answers whether the instance can serve: 503 names what is missing. */
export function createReadyzHandler(findFault: () => Promise<string | null>): NodeHandler {
  return async (_request, response) => {
    const fault = await findFault();
    if (fault === null) respond(response, 200, { status: 'ready' });
    else respond(response, 503, { status: 'unavailable', cause: fault });
  };
}

function respond(response: Parameters<NodeHandler>[1], status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}
