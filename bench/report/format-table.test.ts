import { expect, it } from 'vitest';
import { formatTable } from './format-table.ts';

it('a table aligns values and indents what is nested', () => {
  const figures = { p50Ms: 3, messagesPerSecond: 1_750.5, limits: { rows: 9 }, top: [{ name: 'f', us: 2 }], none: null };
  expect(formatTable('throughput', figures)).toBe(
    ['throughput', '  p50Ms              3', '  messagesPerSecond  1750.5', '  limits', '    rows  9', '  top', '    f  2', '  none               null'].join('\n'),
  );
});
