import { buildSchema } from 'graphql';

/** The API. The types of the front end are generated from it: `npm run graphql:generate`. */
export const apiSchema = buildSchema(`
  enum Stage { LEAD QUALIFIED WON LOST }

  type Company {
    id: ID!
    name: String!
    domain: String
    deals: [Deal!]!
  }

  type Deal {
    id: ID!
    title: String!
    stage: Stage!
    amountCents: Int!
  }

  type StageSummary {
    stage: Stage!
    deals: Int!
    amountCents: Int!
  }

  type Query {
    companies: [Company!]!
    summary: [StageSummary!]!
  }

  type Mutation {
    addCompany(name: String!, domain: String): Company!
    addDeal(companyId: ID!, title: String!, amountCents: Int!): Deal!
    moveDeal(id: ID!, stage: Stage!): Deal!
  }
`);
