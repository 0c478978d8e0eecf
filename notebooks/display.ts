/** Tables and charts for the notebooks' cells: what Jupyter shows for an object. Not part of sealroom. */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';

/** As much of the DOM as is needed here: its types would change those of Node for all tests. */
interface PageElement {
  readonly outerHTML: string;
  textContent: string | null;
  setAttribute(name: string, value: string): void;
  appendChild(child: PageElement): PageElement;
}

interface Page {
  createElement(name: string): PageElement;
}

const { document } = parseHTML('<!doctype html><html><body></body></html>') as unknown as { document: Page };

/** What Deno's kernel shows for an object that has this method: its forms by media type. */
const DISPLAY: unique symbol = Symbol.for('Jupyter.display');

/** An output of a cell. */
export interface Shown {
  readonly [DISPLAY]: () => Readonly<Record<string, string>>;
}

/** Longer texts are cut in tables. */
const MAX_CHARACTERS = 90;

const show = (type: string, content: string): Shown => ({ [DISPLAY]: () => ({ [type]: content }) });

/** A protected cell by its kind and its last characters, any other value as a person reads it. */
function printValue(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return value.toLocaleString('en', { maximumFractionDigits: 3 });
  const text = (typeof value === 'string' ? value : JSON.stringify(value)).replaceAll('\n', '⏎');
  if (/^02:(?:enc|hmac):/.test(text)) return `${text.slice(0, text.indexOf(':', 3) + 1)}…${text.slice(-8)}`;
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS - 1)}…` : text;
}

/** Objects as a table: a row for each, a column for each key of the first. */
export function table(rows: readonly object[]): Shown {
  const element = document.createElement('table');
  const headers = Object.keys(rows[0] ?? {});
  const addRow = (tag: 'th' | 'td', values: readonly unknown[]): void => {
    const row = element.appendChild(document.createElement('tr'));
    for (const value of values) {
      const cell = row.appendChild(document.createElement(tag));
      cell.setAttribute('style', `text-align: ${typeof value === 'number' ? 'right' : 'left'}`);
      cell.textContent = printValue(value);
    }
  };
  addRow('th', headers);
  for (const row of rows) addRow('td', Object.values(row));
  return show('text/html', element.outerHTML);
}

/** A chart of Observable Plot with a title above it and the names of the axes beside their middle, as SVG. */
export function chart({ title, ...options }: Omit<Plot.PlotOptions, 'title'> & { readonly title: string }): Shown {
  const axis = { labelAnchor: 'center', labelArrow: 'none', grid: true } as const;
  // Plot writes its own `title` as HTML, beside the SVG; a mark keeps it within.
  const heading = Plot.text([title], {
    frameAnchor: 'top-left',
    dy: -42,
    fontSize: 15,
    fontWeight: 'bold',
    facet: 'super',
  });
  const figure: unknown = Plot.plot({
    document,
    marginTop: 60,
    marginLeft: 60,
    marginBottom: 44,
    ...options,
    x: { ...axis, ...options.x },
    y: { ...axis, ...options.y },
    marks: [...(options.marks ?? []), heading],
  });
  const svg = figure as PageElement;
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', title);
  return show('image/svg+xml', svg.outerHTML);
}
