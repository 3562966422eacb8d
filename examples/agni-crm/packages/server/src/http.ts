import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import { graphql } from 'graphql';

import { resolversOf, type Stores } from './resolvers.ts';
import { apiSchema } from './type-defs.ts';

const LONGEST = 100_000;

/** `POST /graphql`, and `GET /health`, which is 200 while both stores answer. */
export function serverOf(stores: Stores): Server {
  return createServer((request, response) => {
    answer(stores, request, response).catch((error: unknown) => {
      send(response, 500, { error: String(error) });
    });
  });
}

async function answer(
  stores: Stores,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const asked = `${request.method} ${request.url}`;
  if (asked === 'GET /health') {
    await Promise.all([stores.pool.query('SELECT 1'), stores.redis.ping()]);
    send(response, 200, { ok: true });
  } else if (asked === 'POST /graphql') {
    const body = await textOf(request);
    if (body === undefined) return send(response, 413, { error: 'the request is too long' });
    const { query, variables } = JSON.parse(body) as { query: string; variables?: object };
    const result = await graphql({
      schema: apiSchema,
      source: query,
      rootValue: resolversOf(stores),
      variableValues: { ...variables },
    });
    send(response, 200, result);
  } else {
    send(response, 404, { error: `there is no ${asked}` });
  }
}

async function textOf(request: IncomingMessage): Promise<string | undefined> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > LONGEST) return undefined;
  }
  return text;
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
