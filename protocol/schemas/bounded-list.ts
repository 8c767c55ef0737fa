import * as z from 'zod';

/**
 * Reads a list of at most `max` entries. What is no list, or a longer one, is refused before anything in it is looked
 * at: a schema notes every bad entry, so that a body full of them would take the time of a hundred good ones, and the
 * checks of a length compare whatever member `length` an object has, which can throw.
 */
export function boundedList<Entry extends z.ZodType>(entries: z.ZodArray<Entry>, max: number) {
  return z.preprocess((value, context) => {
    if (Array.isArray(value) && value.length <= max) return value;
    context.addIssue({ code: 'custom' });
    return z.NEVER;
  }, entries.max(max));
}
