/** What a lane asks of the worker that it belongs to, and tells it. */
export interface LaneHost {
  /** Whether others wait for the place of this lane. */
  othersWait(): boolean;
  /** Whether the lane may keep its claim though there is nothing to send. */
  mayStayWarm(): boolean;
  /** The lane has nothing to send now and takes no place. */
  onIdle(): void;
  /** Something of this domain is due then. */
  noteDue(at: Date): void;
  /** The lane ended and nothing of it is under way. */
  onOver(): void;
}
