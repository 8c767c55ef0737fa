'use client';
import { useCallback, useEffect, useLayoutEffect, useRef, useState, type RefObject } from 'react';

const NEAR_BOTTOM_PX = 60;
const NEAR_TOP_PX = 400;

interface ScrollAnchorInput {
  /** Names the first and the last row; when one changes, rows came in at that end. */
  readonly firstKey: string | null;
  readonly lastKey: string | null;
  /** Whether the last row is the person's own: what one sends, one sees. */
  readonly lastIsOwn: boolean;
  /** A row to start at instead of the bottom. */
  readonly startAt: string | null;
  readonly onNearTop: () => void;
}

interface ScrollAnchor {
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly content: RefObject<HTMLDivElement | null>;
  readonly atBottom: boolean;
  readonly onScroll: () => void;
  readonly toBottom: () => void;
}

/** Keeps a timeline where the eye is: at the bottom while it is there, and in place when older rows come in above. */
export function useScrollAnchor({ firstKey, lastKey, lastIsOwn, startAt, onNearTop }: ScrollAnchorInput): ScrollAnchor {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const stuck = useRef(true);
  const previous = useRef<{ firstKey: string | null; lastKey: string | null; height: number }>({ firstKey: null, lastKey: null, height: 0 });
  const [atBottom, setAtBottom] = useState(true);

  const toBottom = useCallback(() => {
    const box = scroller.current;
    if (box === null) return;
    stuck.current = true;
    box.scrollTop = box.scrollHeight;
    setAtBottom(true);
  }, []);

  // The scroll place is the browser's, so it is set after rows changed and before they are painted.
  useLayoutEffect(() => {
    const box = scroller.current;
    if (box === null || lastKey === null) return;
    const before = previous.current;
    const start = before.lastKey === null && startAt !== null ? box.querySelector(`[data-row="${startAt}"]`) : null;
    if (start !== null) {
      box.scrollTop = Math.max(0, start.getBoundingClientRect().top - box.getBoundingClientRect().top - box.clientHeight / 4);
      stuck.current = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_BOTTOM_PX;
    } else if (before.lastKey === null || (before.lastKey !== lastKey && (stuck.current || lastIsOwn))) {
      toBottom();
    } else if (before.firstKey !== firstKey && before.lastKey === lastKey) {
      box.scrollTop += box.scrollHeight - before.height;
    }
    previous.current = { firstKey, lastKey, height: box.scrollHeight };
  }, [firstKey, lastKey, lastIsOwn, startAt, toBottom]);

  // The composer grows, the keyboard opens, the pane is resized: the bottom stays the bottom.
  useEffect(() => {
    const box = scroller.current;
    const rows = content.current;
    if (box === null || rows === null) return;
    const observer = new ResizeObserver(() => {
      if (stuck.current) box.scrollTop = box.scrollHeight;
      previous.current = { ...previous.current, height: box.scrollHeight };
    });
    observer.observe(box);
    observer.observe(rows);
    return () => observer.disconnect();
  }, []);

  const onScroll = useCallback(() => {
    const box = scroller.current;
    if (box === null) return;
    const near = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_BOTTOM_PX;
    stuck.current = near;
    setAtBottom(near);
    if (box.scrollTop < NEAR_TOP_PX) onNearTop();
  }, [onNearTop]);

  return { scroller, content, atBottom, onScroll, toBottom };
}
