export interface Settings {
  port: number;
  redisUrl: string;
  database: { host: string; port: number; user: string; password: string; database: string };
}

/** The settings of an environment. What is missing or wrong is told all at once. */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const problems: string[] = [];
  const password = environment.POSTGRES_PASSWORD ?? '';
  if (password === '') problems.push('POSTGRES_PASSWORD is not set');
  const redisUrl = environment.REDIS_URL ?? 'redis://localhost:6379';
  if (!/^rediss?:\/\/[^/]/.test(redisUrl)) problems.push('REDIS_URL is not a redis:// address');
  const numbered = (name: string, otherwise: number): number => {
    const port = Number(environment[name] ?? otherwise);
    if (!Number.isInteger(port) || port < 0 || port > 65535) problems.push(`${name} is not a port`);
    return port;
  };
  const settings = {
    port: numbered('PORT', 3000),
    redisUrl,
    database: {
      host: environment.PGHOST ?? 'localhost',
      port: numbered('PGPORT', 5432),
      user: environment.PGUSER ?? 'postgres',
      password,
      database: environment.PGDATABASE ?? 'agni',
    },
  };
  if (problems.length > 0) throw new Error(problems.join('; '));
  return settings;
}
