// The module's exports. `../machine.ts` is their only caller.
export * from './kernel';
