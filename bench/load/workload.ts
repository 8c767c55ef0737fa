/** How each sender of a load keeps its server busy. */
export interface Workload {
  /** Requests under way at once, each on a connection that is kept. */
  readonly requestsInFlight: number;
  /** Calls of `messages.send` that share a request, as the product's client does with calls of the same turn. */
  readonly callsPerRequest: number;
}

/** Is what the product's client puts into one request at most. */
export const MAX_CALLS_PER_REQUEST = 20;

/** Is the load unless told otherwise. */
export const DEFAULT_WORKLOAD: Workload = { requestsInFlight: 1, callsPerRequest: MAX_CALLS_PER_REQUEST };
