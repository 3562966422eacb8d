/** What a database holds, and the steps from one schema to another. No database is asked here. */

export interface Column {
  type: 'uuid' | 'text' | 'integer' | 'timestamp with time zone';
  nullable?: boolean;
  references?: string;
}
export type Table = Record<string, Column>;
export type Schema = Record<string, Table>;

export type Step =
  | { do: 'create table'; table: string; columns: Table }
  | { do: 'drop table'; table: string }
  | { do: 'add column'; table: string; column: string; as: Column }
  | { do: 'alter column'; table: string; column: string; as: Column }
  | { do: 'drop column'; table: string; column: string };

/** The schema after a step. */
export function applied(schema: Schema, step: Step): Schema {
  const after = structuredClone(schema);
  if (step.do === 'create table') {
    after[step.table] = structuredClone(step.columns);
  } else if (step.do === 'drop table') {
    delete after[step.table];
  } else {
    const table = after[step.table];
    if (table === undefined) throw new Error(`${step.do}: there is no table ${step.table}`);
    if (step.do === 'drop column') delete table[step.column];
    else table[step.column] = step.as;
  }
  return after;
}

/** The steps that bring one schema to another, whose tables they keep. */
export function stepsBetween(from: Schema, to: Schema): Step[] {
  const made = Object.entries(to).flatMap(([table, columns]): Step[] => {
    const before = from[table];
    return before === undefined
      ? [{ do: 'create table', table, columns }]
      : columnSteps(table, before, columns);
  });
  const gone = Object.keys(from).filter((table) => !(table in to));
  return [...made, ...gone.map((table): Step => ({ do: 'drop table', table }))];
}

function columnSteps(table: string, from: Table, to: Table): Step[] {
  const made = Object.entries(to).flatMap(([column, as]): Step[] => {
    const before = from[column];
    if (before === undefined) return [{ do: 'add column', table, column, as }];
    return isSame(before, as) ? [] : [{ do: 'alter column', table, column, as }];
  });
  const gone = Object.keys(from).filter((column) => !(column in to));
  return [...made, ...gone.map((column): Step => ({ do: 'drop column', table, column }))];
}

function isSame(one: Column, other: Column): boolean {
  return (
    one.type === other.type &&
    Boolean(one.nullable) === Boolean(other.nullable) &&
    one.references === other.references
  );
}

/** A step in SQL. Names are our own, never a user's. */
export function sqlOf(step: Step): string {
  switch (step.do) {
    case 'create table': {
      const columns = Object.entries(step.columns).map(([name, column]) => definition(name, column));
      return `CREATE TABLE ${step.table} (${columns.join(', ')})`;
    }
    case 'drop table':
      return `DROP TABLE ${step.table}`;
    case 'add column':
      return `ALTER TABLE ${step.table} ADD COLUMN ${definition(step.column, step.as)}`;
    case 'alter column': {
      const change = `ALTER TABLE ${step.table} ALTER COLUMN ${step.column}`;
      const nullable = step.as.nullable ? 'DROP' : 'SET';
      return `${change} TYPE ${step.as.type}; ${change} ${nullable} NOT NULL`;
    }
    case 'drop column':
      return `ALTER TABLE ${step.table} DROP COLUMN ${step.column}`;
  }
}

function definition(name: string, column: Column): string {
  const parts = [name, column.type];
  if (name === 'id') parts.push('PRIMARY KEY DEFAULT gen_random_uuid()');
  else if (!column.nullable) parts.push('NOT NULL');
  if (name === 'created_at') parts.push('DEFAULT now()');
  if (column.references !== undefined) parts.push(`REFERENCES ${column.references} (id)`);
  return parts.join(' ');
}
