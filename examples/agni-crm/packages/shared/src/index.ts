export * from './money.ts';
export * from './stages.ts';
