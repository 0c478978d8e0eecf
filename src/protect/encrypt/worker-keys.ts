import { fingerprintKeyFromBytes, type SealingRoot, sealingRootFromBytes, takeSharedKey } from '../../crypto/index.ts';
import type { ColumnTask } from './core/protect-batch.ts';
import type { EncryptWorkerSetup } from './worker-setup.ts';

/** The keys of a thread, and what it does with them. Disposing it wipes them. */
export interface WorkerKeys extends Disposable {
  readonly root: SealingRoot;
  readonly tasks: readonly ColumnTask[];
}

/** Takes copies of a setup's keys, for one thread. */
export function takeKeys(setup: Pick<EncryptWorkerSetup, 'keys' | 'tasks'>): WorkerKeys {
  const root = takeSharedKey(setup.keys, 0, sealingRootFromBytes);
  const keys: Disposable[] = [root];
  const tasks = setup.tasks.map((column): ColumnTask => {
    if (column.kind !== 'fingerprint') return column;
    const key = takeSharedKey(setup.keys, keys.length, fingerprintKeyFromBytes);
    keys.push(key);
    return { ...column, task: { ...column.task, key } };
  });
  return {
    root,
    tasks,
    [Symbol.dispose]() {
      for (const key of keys) key[Symbol.dispose]();
    },
  };
}
