/** Writes the front end's types of the API: generate-types.ts [FILE] */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import {
  isEnumType,
  isListType,
  isNonNullType,
  isObjectType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLOutputType,
} from 'graphql';

import { apiSchema } from '../src/type-defs.ts';

const SCALARS: Record<string, string> = {
  Boolean: 'boolean',
  Float: 'number',
  ID: 'string',
  Int: 'number',
  String: 'string',
};
const HEAD = '// Generated from the API by `npm run graphql:generate`. Do not edit.\n';
const HERE = dirname(fileURLToPath(import.meta.url));

function typeOf(type: GraphQLOutputType): string {
  if (isNonNullType(type)) return bareTypeOf(type.ofType);
  return `${bareTypeOf(type)} | null`;
}

function bareTypeOf(type: GraphQLOutputType): string {
  if (isListType(type)) return `Array<${typeOf(type.ofType)}>`;
  const name = String(type);
  return SCALARS[name] ?? name;
}

function interfaceOf(type: GraphQLObjectType): string {
  const fields = Object.values(type.getFields()).map(
    (field) => `  ${field.name}: ${typeOf(field.type)};\n`,
  );
  return `\nexport interface ${type.name} {\n${fields.join('')}}\n`;
}

function declarationOf(type: GraphQLNamedType): string {
  if (type.name.startsWith('__')) return '';
  if (isObjectType(type)) return interfaceOf(type);
  if (!isEnumType(type)) return '';
  const values = type.getValues().map((value) => `'${value.name}'`);
  return `\nexport type ${type.name} = ${values.join(' | ')};\n`;
}

const types = Object.values(apiSchema.getTypeMap()).toSorted((one, other) =>
  one.name < other.name ? -1 : 1,
);
const file = process.argv[2] ?? resolve(HERE, '../../front/src/generated/api.ts');
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, HEAD + types.map(declarationOf).join(''));
