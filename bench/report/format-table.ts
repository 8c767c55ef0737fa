import type { Figure } from '../benchmark.ts';

/** Writes figures as lines of `name  value`, nested ones indented, lists of records one a line. */
export function formatTable(name: string, figures: Readonly<Record<string, Figure>>): string {
  return [name, ...formatRecord(figures, 1)].join('\n');
}

type RecordFigure = Readonly<Record<string, Figure>>;

function formatRecord(record: RecordFigure, depth: number): string[] {
  const names = Object.entries(record).filter(([, value]) => !isNested(value)).map(([name]) => name.length);
  const width = Math.max(0, ...names);
  return Object.entries(record).flatMap(([name, value]) => {
    const indent = '  '.repeat(depth);
    if (Array.isArray(value)) return [`${indent}${name}`, ...value.map((one: Figure) => `${indent}  ${formatLine(one)}`)];
    if (isRecord(value)) return [`${indent}${name}`, ...formatRecord(value, depth + 1)];
    return [`${indent}${name.padEnd(width)}  ${formatLine(value)}`];
  });
}

function formatLine(value: Figure): string {
  return isRecord(value) ? Object.values(value).map(formatLine).join('  ') : String(value);
}

function isNested(value: Figure): boolean {
  return typeof value === 'object' && value !== null;
}

function isRecord(value: Figure): value is RecordFigure {
  return isNested(value) && !Array.isArray(value);
}
