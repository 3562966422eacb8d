/** What the dashboard says of orders: how many, what they bring, and what sells best. */
export function summarize(orders) {
  const sold = new Map();
  for (const { items } of orders) {
    for (const [product, count] of Object.entries(items)) {
      sold.set(product, (sold.get(product) ?? 0) + count);
    }
  }
  const [best] = [...sold].sort(([, one], [, other]) => other - one);
  const cents = orders.reduce((sum, order) => sum + order.cents, 0);
  return { count: orders.length, cents, best: best?.[0] };
}

export function dollars(cents) {
  return `$${(cents / 100).toFixed(2)}`;
}
