// Notebooks as pages: their cells with the answers that are stored in them. Nothing is run.

/**
 * @typedef {string | readonly string[]} Text
 * @typedef {{ output_type: string, data?: Readonly<Record<string, Text>>, text?: Text }} Output
 * @typedef {{ cell_type: string, source: Text, outputs?: readonly Output[] }} Cell
 * @typedef {{ cells: readonly Cell[], metadata: { language_info?: { name?: string } } }} Notebook
 */

/**
 * A notebook as Markdown for the site. Answers are shown as they are, from texts of the page's script: they are no Markdown.
 *
 * @param {string} json the notebook
 * @returns {string}
 */
export function pageOfNotebook(json) {
  const { cells, metadata } = /** @type {Notebook} */ (JSON.parse(json));
  const language = metadata.language_info?.name ?? 'text';
  /** @type {string[]} */
  const answers = [];
  const parts = cells.map(({ cell_type: type, source, outputs = [] }) => {
    if (type !== 'code') return textOf(source);
    const shown = outputs.map(htmlOf).filter((html) => html !== '');
    answers.push(...shown);
    const first = answers.length - shown.length;
    const boxes = shown.map((_, index) => `<div class="answer" v-html="answers[${first + index}]" />`);
    return [`\`\`\`${language}\n${textOf(source)}\n\`\`\``, ...boxes].join('\n\n');
  });
  const texts = JSON.stringify(answers).replaceAll('<', '\\u003c');
  return `${parts.join('\n\n')}\n\n<script setup>\nconst answers = ${texts};\n</script>\n`;
}

/** @param {Text} text */
function textOf(text) {
  return typeof text === 'string' ? text : text.join('');
}

/** @param {Output} output */
function htmlOf({ data = {}, text }) {
  if (text !== undefined) return `<pre>${escapeHtml(textOf(text))}</pre>`;
  for (const type of ['image/svg+xml', 'text/html']) {
    const html = data[type];
    if (html !== undefined) return textOf(html);
  }
  const png = data['image/png'];
  if (png !== undefined) return `<img alt="" src="data:image/png;base64,${textOf(png).replaceAll(/\s/g, '')}">`;
  const plain = data['text/plain'];
  return plain === undefined ? '' : `<pre>${escapeHtml(textOf(plain))}</pre>`;
}

/** @param {string} text */
function escapeHtml(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
