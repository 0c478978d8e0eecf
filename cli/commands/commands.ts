import { type CommandHead, declareCommand, type RunnableCommand } from '../grammar/declarations.ts';
import type { CliIo } from '../terminal.ts';

/** A command of the first level: what help says of it, and the module that has the rest, loaded when it runs. */
interface Command extends CommandHead {
  readonly load: (head: CommandHead, io: CliIo) => Promise<RunnableCommand>;
}

/** The commands of the first level. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  encrypt: {
    command: 'encrypt <input>',
    describe: 'encrypt a table',
    load: async (head, io) => declareCommand(head, (await import('./encrypt.ts')).encryptCommand(io)),
  },
  decrypt: {
    command: 'decrypt <input>',
    describe: 'decrypt a table, or a result package of a room',
    load: async (head, io) => declareCommand(head, (await import('./decrypt.ts')).decryptCommand(io)),
  },
  reencrypt: {
    command: 'reencrypt <input>',
    describe: 'move a protected table to the newest secret',
    load: async (head, io) => declareCommand(head, (await import('./reencrypt.ts')).reencryptCommand(io)),
  },
  normalise: {
    command: 'normalise <input>',
    describe: 'write the columns of a schema normalised, for a partner who encrypts with C3R',
    load: async (head, io) => declareCommand(head, (await import('./normalise.ts')).normaliseCommand(io)),
  },
  schema: {
    command: 'schema <input>',
    describe: 'write a schema for a table',
    load: async (head, io) => declareCommand(head, (await import('./schema.ts')).schemaCommand(io)),
  },
  collab: {
    command: 'collab',
    describe: 'write, check, sign and compare the manifest of a collaboration',
    load: async (head, io) => declareCommand(head, (await import('./collab.ts')).collabCommand(io)),
  },
  status: {
    command: 'status',
    describe: 'say what is set in this folder, and what comes next',
    load: async (head, io) => declareCommand(head, (await import('./status.ts')).statusCommand(io)),
  },
  'clean-rooms': {
    command: 'clean-rooms',
    describe: 'run queries in AWS Clean Rooms, checked here first',
    load: async (head, io) => declareCommand(head, (await import('./clean-rooms.ts')).cleanRoomsCommand(io)),
  },
  key: {
    command: 'key',
    describe: 'create, keep and hand over the shared secrets of collaborations',
    load: async (head, io) => declareCommand(head, (await import('./key.ts')).keyCommand(io)),
  },
  room: {
    command: 'room',
    describe: 'create a clean room, and load encrypted tables into it',
    load: async (head, io) => declareCommand(head, (await import('./room.ts')).roomCommand(io)),
  },
  check: {
    command: 'check [sql]',
    describe: 'check whether a query may run, and why not; exit code 3 if it may not',
    load: async (head, io) => declareCommand(head, (await import('./check.ts')).checkCommand(io)),
  },
  query: {
    command: 'query [sql]',
    describe: 'run a query in a room; exit code 3 if it is refused',
    load: async (head, io) => declareCommand(head, (await import('./query.ts')).queryCommand(io)),
  },
  member: {
    command: 'member',
    describe: 'create the keys and the card of a member, and verify the cards of others',
    load: async (head, io) => declareCommand(head, (await import('./member.ts')).memberCommand(io)),
  },
  audit: {
    command: 'audit',
    describe: 'show, verify and export the audit log of a room, or of your keys',
    load: async (head, io) => declareCommand(head, (await import('./audit.ts')).auditCommand(io)),
  },
  completion: {
    command: 'completion <shell>',
    describe: 'print the script that completes commands in bash, zsh or fish',
    load: async (head, io) => declareCommand(head, (await import('./completion.ts')).completionCommand(io)),
  },
};
