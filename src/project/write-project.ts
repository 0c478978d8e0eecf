import { dirname, relative } from 'node:path';
import { isMap, parseDocument } from 'yaml';
import { PROJECT_KEYS, type ProjectKey } from './keys.ts';
import type { ProjectTable, ProjectValues } from './project-file.ts';

const COMMENTS: Readonly<Record<ProjectKey, string>> = {
  id: 'the id of the collaboration, where there is no manifest: a UUID',
  as: 'the id of your member: --as',
  home: 'the directory with your keys: --home',
  manifest: 'what the members agreed on: --manifest, or the argument of `sealroom collab`',
  room: 'the directory of the room that answers queries, or its address: --room',
  key: 'the key that wraps your secret, such as keystore:keystore: --key',
  trust: 'file with the verifier keys of rooms whose results you open: --trust',
};

/**
 * The text of a new project file: YAML, in which every key is explained, and those that are not known are commented out.
 *
 * @param file absolute path that it will have; paths are written relative to its folder
 * @param values absolute paths, as `parseProject` gives them
 */
export function draftProject(file: string, values: ProjectValues): string {
  const lines = PROJECT_KEYS.flatMap((key) => {
    const value = values[key];
    const written = value === undefined ? `# ${key}:` : `${key}: ${quoteYaml(shorten(file, key, value))}`;
    return [`# ${COMMENTS[key]}`, written];
  });
  return `# Defaults for sealroom in this folder and below it. What a command is given comes first. It holds no secret: see docs/project.md.
${lines.join('\n')}

# The files of your tables, by their names in the manifest: \`sealroom encrypt --table <name>\`.
#   purchases: { data: purchases.csv, schema: purchases.schema.json, output: purchases.protected.parquet }
tables: {}
`;
}

/**
 * Writes the files of a table into the text of a project file; comments and order stay.
 *
 * @param file absolute path of the project file
 */
export function insertProjectTable(text: string, file: string, name: string, table: ProjectTable): string {
  const document = parseDocument(text, { version: '1.2' });
  const { data, schema, output, ...csv } = table;
  const paths = Object.entries({ data, schema, output }).map(
    ([key, path]) => [key, path === undefined ? undefined : relativeTo(file, path)] as const,
  );
  const entries = [...paths, ...Object.entries(csv)].filter(([, value]) => value !== undefined);
  const node = document.createNode(Object.fromEntries(entries));
  if (isMap(node)) node.flow = true;
  const tables = document.get('tables');
  if (isMap(tables)) tables.flow = false;
  document.setIn(['tables', name], node);
  return document.toString({ lineWidth: 0 });
}

function shorten(file: string, key: ProjectKey, value: string): string {
  if (key === 'key')
    return value.replace(
      /^(keystore|age):(\/.*)$/s,
      (_, scheme: string, path: string) => `${scheme}:${relativeTo(file, path)}`,
    );
  return ['home', 'manifest', 'room', 'trust'].includes(key) ? relativeTo(file, value) : value;
}

/** The path from the folder of a file; an absolute one if it leads out of it. */
function relativeTo(file: string, path: string): string {
  const short = relative(dirname(file), path);
  return short === '' || short.startsWith('..') ? path : short;
}

function quoteYaml(text: string): string {
  return JSON.stringify(text).slice(1, -1) === text && /^[\w./~][\w./: ~-]*$/.test(text) && !/: |^\d/.test(text)
    ? text
    : JSON.stringify(text);
}
