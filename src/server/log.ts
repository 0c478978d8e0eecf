/** What the service says about itself: never SQL, values, headers, paths or keys. */
export interface LogEntry extends Readonly<Record<string, string | number | null>> {
  readonly level: 'info' | 'warning' | 'error';
  /** What happened, as one word, such as `request`. */
  readonly event: string;
}

/** Takes what the service says about itself. */
export type Log = (entry: LogEntry) => void;

/** Makes a log of one JSON object a line, each with its time. */
export function jsonLog(write: (line: string) => void, now: () => Date): Log {
  return (entry) => write(`${JSON.stringify({ t: now().toISOString(), ...entry })}\n`);
}
