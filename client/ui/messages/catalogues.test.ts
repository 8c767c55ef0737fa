import { createTranslator } from 'use-intl/core';
import { describe, expect, it } from 'vitest';
import en from './en.json';
import fr from './fr.json';

type Node = string | { readonly [key: string]: Node };

function flatten(node: Node, path = ''): ReadonlyMap<string, string> {
  if (typeof node === 'string') return new Map([[path, node]]);
  return new Map(Object.entries(node).flatMap(([key, child]) => [...flatten(child, path === '' ? key : `${path}.${key}`)]));
}

/** The names between `{` and `}` or `,` that a message takes; what stands behind a plural case is text. */
function argumentsOf(message: string): readonly string[] {
  return [...new Set([...message.matchAll(/(?<!(?:one|other|=\d+) )\{(\w+)\s*[,}]/g)].map((match) => match[1] ?? ''))].toSorted();
}

const english = flatten(en);
const french = flatten(fr);

describe('the two catalogues', () => {
  it('have the same messages', () => {
    expect([...french.keys()]).toEqual([...english.keys()]);
  });
  it('take the same arguments', () => {
    for (const [key, message] of english) expect({ key, takes: argumentsOf(french.get(key) ?? '') }).toEqual({ key, takes: argumentsOf(message) });
  });
  it('are well-formed: every message can be written out', () => {
    for (const [locale, messages, texts] of [['en', en, english], ['fr', fr, french]] as const) {
      const failures: string[] = [];
      const t = createTranslator<typeof en>({ locale, messages, onError: (error) => failures.push(`${locale}: ${error.message}`) });
      const values = Object.fromEntries([...texts.values()].flatMap(argumentsOf).map((name) => [name, name === 'count' || name === 'size' ? 2 : name]));
      for (const key of texts.keys()) t.markup(key as Parameters<typeof t.markup>[0], values);
      expect(failures).toEqual([]);
    }
  });
  it('use typographic apostrophes, which the message format leaves alone', () => {
    for (const message of [...english.values(), ...french.values()]) expect(message).not.toContain("'");
  });
  it('keep away from words that people need explained', () => {
    for (const message of [...english.values(), ...french.values()]) expect(message.toLowerCase()).not.toMatch(/\bsession|cross-signing|\butd\b/);
  });
});
