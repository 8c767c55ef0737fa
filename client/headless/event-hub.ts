import type { ClientEvent } from '../model.ts';

/** Hands each event to everybody who listens at that moment. */
export interface EventHub {
  emit(event: ClientEvent): void;
  subscribe(listener: (event: ClientEvent) => void): () => void;
}

/** Creates a hub without listeners. */
export function createEventHub(): EventHub {
  const listeners = new Set<(event: ClientEvent) => void>();
  return {
    emit(event) {
      for (const listener of listeners) listener(event);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
