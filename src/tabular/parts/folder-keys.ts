/** What a folder named `key=value` says of the rows below it. */
export interface FolderKey {
  readonly name: string;
  /** `null` for Hive's name of a null. */
  readonly value: string | null;
}

/** What Hive and Spark write for a null. */
const NULL_VALUE = '__HIVE_DEFAULT_PARTITION__';

/**
 * The keys and values of the folders on the way to a file, from the outermost on. Other folders say nothing.
 *
 * @param name the way to the file from the folder or pattern, with `/`
 */
//= format F-130
export function folderKeys(name: string): readonly FolderKey[] {
  return name
    .split('/')
    .slice(0, -1)
    .flatMap((folder) => {
      const at = folder.indexOf('=');
      if (at <= 0) return [];
      const text = unescape(folder.slice(at + 1));
      return [{ name: unescape(folder.slice(0, at)), value: text === NULL_VALUE ? null : text }];
    });
}

/** Hive writes the characters that a path cannot have as `%` and two digits. */
function unescape(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}
