import { Agent } from 'node:http';
import type { ClientRequestArgs } from 'node:http';
import type { Duplex } from 'node:stream';

import type { PeerConnector, PeerEndpoint } from './peer-connector.ts';

/** Gives the connections of one peer, and of nobody else. */
interface ConnectionPool {
  agentFor(endpoint: PeerEndpoint & { readonly poolKey: string }): Agent;
}

const MAX_AGENTS = 1_000;
const MAX_SOCKETS = 32;
const MAX_IDLE_SOCKETS = 4;
const IDLE_MS = 15_000;

type SocketCallback = (error: Error | null, socket: Duplex) => void;

/** Keeps connections to one endpoint under one pool key; they are open and checked before a request gets them. */
class PeerAgent extends Agent {
  readonly #open: () => Promise<Duplex>;

  constructor(open: () => Promise<Duplex>) {
    super({ keepAlive: true, maxSockets: MAX_SOCKETS, maxFreeSockets: MAX_IDLE_SOCKETS, timeout: IDLE_MS });
    this.#open = open;
  }

  override createConnection(_: ClientRequestArgs, callback?: SocketCallback): undefined {
    if (callback !== undefined) void this.#handOver(callback);
  }

  async #handOver(callback: SocketCallback): Promise<void> {
    let socket: Duplex;
    try {
      socket = await this.#open();
    } catch (error) {
      // The declared type asks for a socket beside the error, which there is not.
      Reflect.apply(callback, undefined, [error]);
      return;
    }
    callback(null, socket);
  }

  get isIdle(): boolean {
    return Object.keys(this.sockets).length === 0 && Object.keys(this.requests).length === 0;
  }
}

/** Creates a pool in which a pool key never sees the connections of another. @see docs/protocol.md [DISC-5] */
export function createConnectionPool(connect: PeerConnector): ConnectionPool {
  const agents = new Map<string, PeerAgent>();
  return {
    agentFor({ poolKey, host, port, serverName }) {
      const key = JSON.stringify([poolKey, host, port, serverName]);
      const agent = agents.get(key) ?? new PeerAgent(() => connect({ host, port, serverName }));
      agents.delete(key);
      agents.set(key, agent);
      if (agents.size > MAX_AGENTS) dropOldestIdle(agents, agent);
      return agent;
    },
  };
}

function dropOldestIdle(agents: Map<string, PeerAgent>, keep: PeerAgent): void {
  for (const [key, agent] of agents) {
    if (agent === keep || !agent.isIdle) continue;
    agent.destroy();
    agents.delete(key);
    return;
  }
}
