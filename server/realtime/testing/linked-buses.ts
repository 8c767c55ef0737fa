import type { BusNews, ProcessBus } from '../../domain/process-bus.ts';

/** Buses of processes that share nothing but memory: what one publishes the others hear at once. */
export function createLinkedBuses() {
  const members = new Set<Set<(news: BusNews) => void>>();
  const published: BusNews[] = [];
  let listening = 0;
  return {
    published,
    listening: () => listening,
    tellAll(news: BusNews): void {
      for (const member of members) for (const handler of member) handler(news);
    },
    join(): ProcessBus {
      const own = new Set<(news: BusNews) => void>();
      members.add(own);
      return {
        publish(message) {
          published.push(message);
          for (const member of members) if (member !== own) for (const handler of member) handler(message);
        },
        subscribe(handler) {
          own.add(handler);
          return () => own.delete(handler);
        },
        listen() {
          listening += 1;
          return () => void (listening -= 1);
        },
      };
    },
  };
}
