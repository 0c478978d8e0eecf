/** The part of the package that is used: locks that the system lets go of when the process that has them ends. */
declare module 'fs-native-extensions' {
  /** Takes the lock of an open file, unless another open file has it. */
  export function tryLock(fd: number): boolean;
  export function unlock(fd: number): void;
}
