/** The upper ends of the buckets of durations, in seconds. */
const BUCKETS = [0.005, 0.025, 0.1, 0.25, 1, 2.5, 10, 60];

/** How many durations are in each bucket, and their sum. */
interface Histogram {
  readonly counts: number[];
  sum: number;
  total: number;
}

type Labels = Readonly<Record<string, string>>;

/**
 * Figures about the service, in the text form of Prometheus. No label names a member, a table or a query: that would tell whoever reads
 * the figures what the audit log tells only those whom it concerns.
 */
export class Metrics {
  readonly #counters = new Map<string, Map<string, number>>();
  readonly #gauges = new Map<string, () => number | null>();
  readonly #requests: Histogram = { counts: BUCKETS.map(() => 0), sum: 0, total: 0 };

  /** Adds to a counter, whose name ends in `_total`. */
  count(name: string, labels: Labels = {}, by = 1): void {
    const series = this.#counters.get(name) ?? new Map<string, number>();
    const key = printLabels(labels);
    series.set(key, (series.get(key) ?? 0) + by);
    this.#counters.set(name, series);
  }

  /** Takes the duration of a request. */
  observeRequest(seconds: number): void {
    const { counts } = this.#requests;
    BUCKETS.forEach((end, at) => {
      if (seconds <= end) counts[at] = (counts[at] ?? 0) + 1;
    });
    this.#requests.sum += seconds;
    this.#requests.total += 1;
  }

  /** Adds a figure that is read when it is asked for; `null`: it has no value now. */
  gauge(name: string, read: () => number | null): void {
    this.#gauges.set(name, read);
  }

  /** All figures as text. */
  print(): string {
    const lines: string[] = [];
    for (const [name, series] of this.#counters) {
      lines.push(`# TYPE ${name} counter`);
      for (const [labels, value] of series) lines.push(`${name}${labels} ${value}`);
    }
    for (const [name, read] of this.#gauges) {
      const value = read();
      if (value !== null) lines.push(`# TYPE ${name} gauge`, `${name} ${value}`);
    }
    const { counts, sum, total } = this.#requests;
    const name = 'sealroom_http_seconds';
    lines.push(`# TYPE ${name} histogram`);
    BUCKETS.forEach((end, at) => lines.push(`${name}_bucket{le="${end}"} ${counts[at] ?? 0}`));
    lines.push(`${name}_bucket{le="+Inf"} ${total}`, `${name}_sum ${sum}`, `${name}_count ${total}`);
    return `${lines.join('\n')}\n`;
  }
}

function printLabels(labels: Labels): string {
  const printed = Object.entries(labels).map(([name, value]) => `${name}="${value.replace(/["\\\n]/g, '_')}"`);
  return printed.length === 0 ? '' : `{${printed.join(',')}}`;
}
