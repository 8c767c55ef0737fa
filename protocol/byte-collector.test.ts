import { describe, expect, it } from 'vitest';
import { createByteCollector } from './byte-collector.ts';

describe('a collector of bytes', () => {
  it('[SIG-11] joins chunks of any size in order', () => {
    const collector = createByteCollector(10_000);
    const chunks = [0, 1, 1_022, 1, 1, 3_000, 0, 5_000].map((length, index) => new Uint8Array(length).fill(index));
    expect(chunks.map((chunk) => collector.add(chunk))).toEqual(chunks.map(() => true));
    expect(Buffer.from(collector.bytes()).equals(Buffer.concat(chunks))).toBe(true);
  });

  it('is empty before the first chunk', () => {
    expect(createByteCollector(10).bytes()).toEqual(new Uint8Array());
  });

  it('[SIG-11] takes exactly the limit, and of what exceeds it nothing', () => {
    const collector = createByteCollector(3);
    expect(collector.add(Uint8Array.of(1, 2, 3, 4))).toBe(false);
    expect(collector.add(Uint8Array.of(1, 2))).toBe(true);
    expect(collector.add(Uint8Array.of(3, 4))).toBe(false);
    expect(collector.add(Uint8Array.of(3))).toBe(true);
    expect(collector.add(Uint8Array.of(4))).toBe(false);
    expect(collector.bytes()).toEqual(Uint8Array.of(1, 2, 3));
  });

  it('[SIG-10] keeps no chunk: what becomes of its memory afterwards changes nothing', () => {
    const collector = createByteCollector(10);
    const chunk = Uint8Array.of(1);
    collector.add(chunk);
    chunk[0] = 2;
    collector.add(chunk);
    chunk[0] = 3;
    expect(collector.bytes()).toEqual(Uint8Array.of(1, 2));
  });

  it('[SIG-10] holds at most twice what came, 1 KiB at first and the limit at last', () => {
    const collector = createByteCollector(100_000);
    for (let length = 1; length <= 100_000; length += 1) {
      collector.add(Uint8Array.of(length));
      const reserved = collector.bytes().buffer.byteLength;
      if (reserved > Math.min(100_000, Math.max(1_024, 2 * length))) expect.fail(`${reserved} bytes hold ${length}`);
    }
    expect(collector.bytes().buffer.byteLength).toBe(100_000);
  });
});
