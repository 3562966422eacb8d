const AMOUNT = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' });

/** `123456` as `$1,234.56`. Amounts are whole cents everywhere else, so that sums stay exact. */
export function formatCents(cents: number): string {
  return AMOUNT.format(cents / 100);
}
