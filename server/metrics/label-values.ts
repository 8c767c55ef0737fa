/** Stands for every value beyond the bound. */
const OTHER = 'other';

/**
 * Creates the bound of one label: the first `limit` different values pass, whatever comes after them is `other`, so that
 * nobody outside can make time series without end.
 */
export function createLabelBound(limit: number): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.has(value)) return value;
    if (known.size >= limit) return OTHER;
    known.add(value);
    return value;
  };
}
