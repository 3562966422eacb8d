const ROUTES = [
  [/^\/$/, 'home'],
  [/^\/products\/([\w-]+)$/, 'product'],
  [/^\/cart$/, 'cart'],
];

/** What a path shows. The CDN answers each with index.html, so paths are ours alone. */
export function routeOf(path) {
  for (const [pattern, page] of ROUTES) {
    const found = pattern.exec(path);
    if (found) return { page, product: found[1] };
  }
  return { page: 'missing', product: undefined };
}
