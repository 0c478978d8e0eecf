/** The part of the package that is used: locks that the system releases when the process that holds them ends. */
declare module 'fs-native-extensions' {
  /** Takes the lock of an open file, unless another open file holds it. */
  export function tryLock(fd: number): boolean;
  export function unlock(fd: number): void;
}
