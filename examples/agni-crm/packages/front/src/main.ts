import type { Query } from './generated/api.ts';
import { escapeHtml, pageOf } from './page.ts';

const QUERY = `{
  companies { id name domain deals { id title stage amountCents } }
  summary { stage deals amountCents }
}`;

async function load(): Promise<string> {
  const answer = await fetch('/graphql', {
    method: 'POST',
    body: JSON.stringify({ query: QUERY }),
  });
  const { data } = (await answer.json()) as { data: Query };
  return pageOf(data.companies, data.summary);
}

const main = document.querySelector('main');
load()
  .catch((error: unknown) => `<p class="error">${escapeHtml(String(error))}</p>`)
  .then((html) => main?.replaceChildren(document.createRange().createContextualFragment(html)));
