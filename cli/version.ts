import { readFileSync } from 'node:fs';

/** The version of the package that this command line belongs to. */
export const VERSION: string = readVersion();

function readVersion(): string {
  // The package file is one level above the sources, and two above the build.
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const manifest = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as { version?: unknown };
      if (typeof manifest.version === 'string') return manifest.version;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
  }
  return 'unknown';
}
