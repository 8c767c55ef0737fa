import pino from 'pino';
import { describe, expect, test, vi } from 'vitest';
import { parseDomain } from '../../protocol/ids.ts';
import { createRequestDrain } from './request-drain.ts';

const [B, C] = [parseDomain('b.test'), parseDomain('c.test')];
const NOTHING = { delivered: 0, retried: 0, failed: 0 };
const SOMETHING = { ...NOTHING, delivered: 3 };

function create() {
  let nowMs = 0;
  const drainOnce = vi.fn<Parameters<typeof createRequestDrain>[0]['drainOnce']>().mockResolvedValue(NOTHING);
  const drain = createRequestDrain({ drainOnce, clock: { now: () => new Date(nowMs) }, logger: pino({ level: 'silent' }) });
  return { drainOnce, drain, pass: (ms: number) => void (nowMs += ms) };
}

describe('[DEL-5] the drain after a request', () => {
  test('asks for exactly the domains that were woken, each once', async () => {
    const { drain, drainOnce } = create();
    drain.wake([B]);
    drain.wake([C, B]);
    await drain.drain();
    expect(drainOnce.mock.calls.map(([{ domains }]) => domains)).toEqual([[B, C]]);
  });

  test('asks for nothing where nobody was woken, and for nobody twice', async () => {
    const { drain, drainOnce } = create();
    await drain.drain();
    drain.wake([B]);
    await Promise.all([drain.drain(), drain.drain()]);
    expect(drainOnce).toHaveBeenCalledTimes(1);
  });

  test('looks again after something was sent, as what came meanwhile could not be claimed', async () => {
    const { drain, drainOnce } = create();
    drainOnce.mockResolvedValueOnce(SOMETHING).mockResolvedValueOnce({ ...NOTHING, retried: 1 });
    drain.wake([B]);
    await drain.drain();
    expect(drainOnce.mock.calls.map(([{ domains }]) => domains)).toEqual([[B], [B], [B]]);
  });

  test('begins nothing more after 25 s', async () => {
    const { drain, drainOnce, pass } = create();
    drainOnce.mockImplementation(async () => {
      pass(10_000);
      return SOMETHING;
    });
    drain.wake([B]);
    await drain.drain();
    expect(drainOnce.mock.calls.map(([{ budgetMs }]) => budgetMs)).toEqual([25_000, 15_000, 5_000]);
  });

  test('who is woken during a drain is for the next one', async () => {
    const { drain, drainOnce } = create();
    drainOnce.mockImplementationOnce(async () => {
      drain.wake([C]);
      return NOTHING;
    });
    drain.wake([B]);
    await drain.drain();
    await drain.drain();
    expect(drainOnce.mock.calls.map(([{ domains }]) => domains)).toEqual([[B], [C]]);
  });

  test('its failure fails no request', async () => {
    const { drain, drainOnce } = create();
    drainOnce.mockRejectedValueOnce(new Error('no database'));
    drain.wake([B]);
    await expect(drain.drain()).resolves.toBeUndefined();
  });
});
