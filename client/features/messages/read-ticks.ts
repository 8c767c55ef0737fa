import { createLucideIcon } from 'lucide-react';

/** Draws two ticks on a filled ground, the sign of a message that was read. */
export const ReadTicks = createLucideIcon('read-ticks', [
  ['rect', { x: '0.5', y: '4', width: '23', height: '16', rx: '8', fill: 'currentColor', stroke: 'none', key: 'ground' }],
  ['path', { d: 'm4.5 12.2 2.7 2.7 5.4-5.8', stroke: 'var(--c-bubble-out)', key: 'first' }],
  ['path', { d: 'm11.8 14.1.8.8 6.4-6.6', stroke: 'var(--c-bubble-out)', key: 'second' }],
]);
