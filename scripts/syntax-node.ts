/** A node of a syntax tree: `type` says which, the rest is looked at as it comes. */
export type SyntaxNode = { readonly type: string } & Readonly<Record<string, unknown>>;

/** Gives what stands directly below a node, or in a list of nodes. */
export function childrenOf(node: unknown): readonly unknown[] {
  if (Array.isArray(node)) return node;
  return isRecord(node) ? Object.values(node).filter((value) => typeof value === 'object' && value !== null) : [];
}

/** Tells a node from everything else in a tree. */
export function isNode(value: unknown): value is SyntaxNode {
  return isRecord(value) && typeof value['type'] === 'string';
}

/** Tells an object from lists and simple values. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
