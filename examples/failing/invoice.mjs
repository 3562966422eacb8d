// Sums an invoice, in cents.

export function net(lines) {
  return lines.reduce((sum, line) => sum + line.quantity * line.price, 0);
}

export function gross(lines, percent) {
  return Math.floor(net(lines) * (1 + percent / 100));
}
