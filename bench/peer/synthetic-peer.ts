import { readFile } from 'node:fs/promises';
import { Agent } from 'node:https';
import { foundingBody, newConversationId } from '../../tests/support/foreign-bodies.ts';
import { signatureHeader } from '../../tests/support/foreign-signer.ts';
import { startForeignServer } from '../../tests/support/foreign-server.ts';
import { openTestAuthority } from '../../tests/support/test-authority.ts';
import type { BenchGround, BenchInstance } from '../ground/bench-ground.ts';
import { exchange } from '../load/http-exchange.ts';
import type { HttpAnswer } from '../load/http-exchange.ts';

/** A request that is signed and waits to be sent. */
export interface SignedCall {
  readonly target: string;
  readonly body: Buffer;
  readonly signature: string;
}

/** A server of a domain of its own that only sends; its key is served on loopback over real TLS. */
export interface SyntheticPeer extends AsyncDisposable {
  readonly domain: string;
  readonly place: { readonly domain: string; readonly host: string; readonly port: number };
  /** Gives the peer its certificate, which exists only once the ground does, and aims it at an instance. */
  aim(ground: BenchGround, instance: BenchInstance): Promise<AimedPeer>;
}

/** A peer with its connections to one instance. */
export interface AimedPeer {
  sign(target: string, body: object): SignedCall;
  send(call: SignedCall): Promise<HttpAnswer>;
  /** Founds a conversation of somebody of this peer with people of the instance; gives its id. */
  found(initiatorId: string, locals: readonly string[]): Promise<string>;
}

const CONVERSATIONS = '/federation/v1/conversations';
const CONNECTIONS = 32;

/** Starts the peer; it answers for its key alone. */
export async function startSyntheticPeer(domain: string): Promise<SyntheticPeer> {
  const server = await startForeignServer(domain);
  const agents: Agent[] = [];
  return {
    domain,
    place: { domain, host: server.host, port: server.port },
    async aim(ground, { domain: destination, s2s }) {
      const descriptor = await ground.descriptor();
      server.useCertificate(await (await openTestAuthority(descriptor)).issue(domain));
      const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, servername: destination, ca: await readFile(descriptor.caFile, 'utf8') });
      agents.push(agent);
      const aimed: AimedPeer = {
        sign(target, value) {
          const body = Buffer.from(JSON.stringify(value));
          return { target, body, signature: signatureHeader({ method: 'POST', target, body, keyId: domain, destination }, server.keys) };
        },
        send({ target, body, signature }) {
          const headers = { host: destination, 'content-type': 'application/json', 'x-federation-signature': signature };
          return exchange({ secure: true, options: { hostname: s2s.host, port: s2s.port, path: target, headers, agent }, body });
        },
        async found(initiatorId, locals) {
          const conversationId = newConversationId(domain);
          const answer = await aimed.send(aimed.sign(CONVERSATIONS, foundingBody({ conversationId, initiatorId, locals })));
          if (answer.status >= 300) throw new Error(`${destination} refused a conversation: ${answer.status} ${answer.body.slice(0, 300)}`);
          return conversationId;
        },
      };
      return aimed;
    },
    async [Symbol.asyncDispose]() {
      for (const agent of agents) agent.destroy();
      await server.stop();
    },
  };
}
