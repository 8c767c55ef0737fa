import { KEY_DOCUMENT_PATH, maxBodyBytesAt } from '../protocol/endpoints.ts';
import type { DnsClient } from '../server/federation/discovery/dns-client.ts';
import type { GuardedAnswer, GuardedRequest, GuardedRequestInput } from '../server/federation/discovery/guarded-request.ts';
import type { Answer, FederationHandlers } from '../server/http/federation-mount.ts';
import { createFaultyDns } from './faulty-dns.ts';
import { messageIdsIn } from './message-ids.ts';
import type { NetworkRates } from './fault-plan.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { Trail } from './trail.ts';
import type { VirtualTime } from './virtual-time.ts';

/** A request as a listener hands it over. */
export type FederationRequest = Parameters<FederationHandlers['handle']>[0];

/** Whom the network leads to. */
export interface NetworkPlace {
  readonly domain: string;
  /** Answers as one of the domain's processes; rejects where none is there or where it dies meanwhile. */
  answer(request: FederationRequest, random: SeededRandom): Promise<Answer>;
  answerKeyDocument(random: SeededRandom): Promise<Answer>;
  /** Is told of each answer as it leaves. */
  onAnswer(request: FederationRequest, answer: Answer): void;
}

/** A network of which every exchange and every name may fail. */
export interface FaultyNetwork {
  readonly places: Map<string, NetworkPlace>;
  /** Gives the way out of a domain. */
  wayOut(domain: string): { readonly dns: DnsClient; readonly guardedRequest: GuardedRequest };
  /** Cuts the way from one domain to another until what is given is called. */
  cut(from: string, to: string): () => void;
  /** Answers this for every name of a domain until what is given is called. */
  breakNames(domain: string, answer: 'servfail' | 'nxdomain'): () => void;
  /** Ends all faults, now and for what comes. */
  heal(): void;
}

interface NetworkOptions {
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  readonly rates: NetworkRates;
  readonly trail: Trail;
}

/** What was drawn for one exchange. */
interface Fate {
  readonly isLost: boolean;
  readonly isAnswerLost: boolean;
  readonly isDuplicated: boolean;
  /** Whether a proxy answers in the place of the server, which may have served the request before or never sees it. */
  readonly isBadGateway: boolean;
  readonly isKeptBack: boolean;
  readonly thereMs: number;
  readonly backMs: number;
  readonly againMs: number;
}

const CONNECT_MS = 10_000;
const EXCHANGE_MS = 30_000;
const LONGEST_STALL_MS = 40_000;
const SOURCE_ADDRESS = '192.0.2.1';

/** Creates a network of no places yet. The fate of an exchange follows from its link and its number on it. */
export function createFaultyNetwork(options: NetworkOptions): FaultyNetwork {
  return new Network(options);
}

/** One exchange on its way. */
interface Exchange {
  readonly from: string;
  readonly input: GuardedRequestInput;
  readonly draws: SeededRandom;
  readonly fate: Fate;
  readonly tell: (text: string) => void;
}

class Network implements FaultyNetwork {
  readonly places = new Map<string, NetworkPlace>();
  readonly #options: NetworkOptions;
  readonly #cuts = new Set<{ readonly from: string; readonly to: string }>();
  readonly #broken = new Map<string, 'servfail' | 'nxdomain'>();
  readonly #numbers = new Map<string, number>();
  #isHealed = false;

  constructor(options: NetworkOptions) {
    this.#options = options;
  }

  wayOut(domain: string): { readonly dns: DnsClient; readonly guardedRequest: GuardedRequest } {
    return { guardedRequest: (input) => this.#exchange(this.#begin(domain, input)), dns: createFaultyDns((name) => this.#broken.get(name) ?? null) };
  }

  cut(from: string, to: string): () => void {
    const entry = { from, to };
    this.#cuts.add(entry);
    return () => void this.#cuts.delete(entry);
  }

  breakNames(domain: string, answer: 'servfail' | 'nxdomain'): () => void {
    this.#broken.set(domain, answer);
    return () => void this.#broken.delete(domain);
  }

  heal(): void {
    this.#isHealed = true;
    this.#cuts.clear();
    this.#broken.clear();
  }

  #isCut(from: string, to: string): boolean {
    return [...this.#cuts].some((cut) => cut.from === from && cut.to === to);
  }

  #begin(from: string, input: GuardedRequestInput): Exchange {
    const { random, trail } = this.#options;
    const link = `${from}>${input.host}`;
    const number = (this.#numbers.get(link) ?? 0) + 1;
    this.#numbers.set(link, number);
    const draws = random.fork(`${link} ${number}`);
    const ids = messageIdsIn(input.body);
    const tell = (text: string): void => trail.note(`${link} #${number} ${input.target}: ${text}`, ids.size === 0 ? ['-'] : ids);
    return { from, input, draws, fate: this.#drawFate(draws), tell };
  }

  #drawFate(draws: SeededRandom): Fate {
    const { rates } = this.#options;
    const wayMs = (): number => 1 + draws.fraction() ** 3 * rates.jitterMs;
    const stallMs = draws.chance(rates.stall) ? draws.between(1_000, LONGEST_STALL_MS) : 0;
    const hit = (rate: number): boolean => draws.chance(rate) && !this.#isHealed;
    return {
      isLost: hit(rates.dropRequest), isAnswerLost: hit(rates.loseAnswer), isDuplicated: hit(rates.duplicate), isBadGateway: hit(rates.badGateway), isKeptBack: draws.chance(0.5),
      thereMs: wayMs() + (this.#isHealed ? 0 : stallMs), backMs: wayMs(), againMs: draws.between(0, EXCHANGE_MS),
    };
  }

  async #exchange(exchange: Exchange): Promise<GuardedAnswer> {
    const { from, input, draws, fate, tell } = exchange;
    const { time } = this.#options;
    const to = input.host;
    const place = this.places.get(to);
    if (place === undefined || this.#isCut(from, to)) {
      const isSilent = draws.chance(0.5);
      await time.sleep(isSilent ? CONNECT_MS : fate.thereMs);
      return { kind: 'not_sent', reason: isSilent ? 'timeout' : 'connect_failed', detail: 'cut' };
    }
    if (fate.isDuplicated) time.after(fate.thereMs + fate.againMs, () => void serve(place, exchange, 'the copy ').catch(() => {}));
    return new Promise((resolve) => {
      const timeout = time.after(EXCHANGE_MS, () => resolve({ kind: 'broken', reason: 'timeout', detail: 'no answer' }));
      const settle = (answer: GuardedAnswer): void => {
        timeout.cancel();
        resolve(answer);
      };
      if (fate.isLost) return tell('the request was lost');
      if (fate.isBadGateway && fate.isKeptBack) {
        tell('a proxy answered 502 and passed nothing on');
        return void time.after(fate.thereMs + fate.backMs, () => settle(BAD_GATEWAY));
      }
      time.after(fate.thereMs, () => {
        serve(place, exchange, '').then(
          (answer) => {
            if (fate.isAnswerLost || this.#isCut(to, from)) return tell('the answer was lost');
            if (fate.isBadGateway) tell('the answer was replaced');
            time.after(fate.backMs, () => settle(fate.isBadGateway ? BAD_GATEWAY : toReceived(answer)));
          },
          (error: unknown) => {
            tell(`no answer: ${error instanceof Error ? error.message : 'broken'}`);
            time.after(fate.backMs, () => settle({ kind: 'broken', reason: 'reset', detail: 'the process ended' }));
          },
        );
      });
    });
  }
}

/** Hands a request to the place that it is for. */
async function serve(place: NetworkPlace, { input, draws, tell }: Exchange, which: string): Promise<Answer> {
  if (input.target === KEY_DOCUMENT_PATH) return place.answerKeyDocument(draws);
  const request = toRequest(input);
  const answer = await place.answer(request, draws);
  place.onAnswer(request, answer);
  tell(`${which}answered ${answer.status}`);
  return answer;
}

const BAD_GATEWAY: GuardedAnswer = { kind: 'answer', status: 502, headers: { 'content-type': 'text/html' }, body: new TextEncoder().encode('<h1>Bad gateway</h1>') };

function toRequest({ method, target, headers, serverName, body = new Uint8Array() }: GuardedRequestInput): FederationRequest {
  const lines: [string, string][] = [...Object.entries(headers), ['host', serverName]];
  return { method, rawTarget: target, headers: lines, body: body.length > maxBodyBytesAt(target) ? 'too_large' : body, sourceAddress: SOURCE_ADDRESS };
}

function toReceived({ status, headers, body }: Answer): GuardedAnswer {
  return { kind: 'answer', status, headers, body: new TextEncoder().encode(body) };
}
