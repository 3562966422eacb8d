// Generated from the API by `npm run graphql:generate`. Do not edit.

export interface Company {
  id: string;
  name: string;
  domain: string | null;
  deals: Array<Deal>;
}

export interface Deal {
  id: string;
  title: string;
  stage: Stage;
  amountCents: number;
}

export interface Mutation {
  addCompany: Company;
  addDeal: Deal;
  moveDeal: Deal;
}

export interface Query {
  companies: Array<Company>;
  summary: Array<StageSummary>;
}

export type Stage = 'LEAD' | 'QUALIFIED' | 'WON' | 'LOST';

export interface StageSummary {
  stage: Stage;
  deals: number;
  amountCents: number;
}
