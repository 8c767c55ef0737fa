import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';

/** Runs a bare HTTPS listener that reads each body and answers 202: what Node itself can do. Arguments: certificate and key file. */
const [certificateFile = '', keyFile = ''] = process.argv.slice(2);
const ANSWER = JSON.stringify({ status: 'accepted' });
const HEADERS = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(ANSWER) };

const server = createServer({ cert: readFileSync(certificateFile), key: readFileSync(keyFile) }, (request, response) => {
  request.resume();
  request.on('end', () => {
    response.writeHead(202, HEADERS);
    response.end(ANSWER);
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${JSON.stringify({ port: typeof address === 'object' ? address?.port : null })}\n`);
});
