import { formatCents } from '@agni/shared';

import type { Company, StageSummary } from './generated/api.ts';

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ESCAPES[character] ?? character);
}

/** The whole page: a line for each stage, and the companies with their deals. */
export function pageOf(companies: Company[], summary: StageSummary[]): string {
  const stages = summary.map(
    ({ stage, deals, amountCents }) =>
      `<li>${stage.toLowerCase()}: ${deals} for ${formatCents(amountCents)}</li>`,
  );
  return `<ul class="summary">${stages.join('')}</ul>${companies.map(sectionOf).join('')}`;
}

function sectionOf(company: Company): string {
  const deals = company.deals.map(
    (deal) => `<li>${escapeHtml(deal.title)}, ${formatCents(deal.amountCents)}</li>`,
  );
  const domain = company.domain === null ? '' : ` <small>${escapeHtml(company.domain)}</small>`;
  return `<section><h2>${escapeHtml(company.name)}${domain}</h2><ul>${deals.join('')}</ul></section>`;
}
