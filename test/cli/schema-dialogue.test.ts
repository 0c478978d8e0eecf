import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { createLinePrompter, createTerminalPrompter } from '#cli/prompts/prompts';
import type { Prompter } from '#cli/prompts/prompter';
import { runSchemaDialogue } from '#cli/prompts/schema-dialogue';
import { SealroomError } from '#src/errors/sealroom-error';
import type { SourceField, TableSchema } from 'sealroom/schema';
import { COLUMN_KINDS, describeTableSchema, readSourceTable } from 'sealroom/schema';

const OPAQUE: SourceField = { name: 'blob', content: 'other', kinds: ['cleartext'] };

function text(name: string): SourceField {
  return { name, content: 'text', kinds: COLUMN_KINDS };
}

interface Outcome {
  readonly schema: TableSchema | null;
  readonly said: string;
}

interface Setup {
  readonly allowCleartext?: boolean;
  readonly headerRow?: boolean;
  readonly input?: string;
}

/** Runs the dialogue with one answer a line. */
async function answer(fields: readonly SourceField[], answers: readonly string[], setup: Setup = {}): Promise<Outcome> {
  const { allowCleartext = true, headerRow = true } = setup;
  const input = new PassThrough();
  const output = new PassThrough();
  input.end(setup.input ?? answers.map((line) => `${line}\n`).join(''));
  const prompter = createLinePrompter(input, output);
  try {
    const schema = await runSchemaDialogue(readSourceTable(fields, headerRow), { allowCleartext }, prompter);
    return { schema, said: String(output.read() ?? '') };
  } finally {
    prompter.close();
  }
}

async function describeAnswers(
  fields: readonly SourceField[],
  answers: readonly string[],
  setup?: Setup,
): Promise<string> {
  const { schema } = await answer(fields, answers, setup);
  return schema === null ? 'no columns' : describeTableSchema(schema);
}

async function catchError(act: Promise<unknown>): Promise<SealroomError> {
  try {
    await act;
  } catch (error) {
    if (error instanceof SealroomError) return error;
    throw error;
  }
  return expect.fail('expected an error, got none');
}

describe('the dialogue', () => {
  const sample = ['First Name', 'Bx', 'cc'].map(text);
  const transcript = ['2', 's', 'New Name', '', 'm', '', 'c', '', '', 'f', 'BX ', 'n', '0'];

  test('takes the answers that C3R takes', async () => {
    const { schema } = await answer(sample, transcript);
    expect(schema === null ? '' : describeTableSchema(schema)).toBe(
      'first name -> new name_sealed sealed, first name -> first name cleartext, bx -> bx fingerprint',
    );
    expect(schema?.columns[0]).toMatchObject({ pad: { kind: 'max', lengthBytes: 0 } });
  });

  test('takes Windows line ends, and a last line without one', async () => {
    expect(await describeAnswers(sample, [], { input: transcript.join('\r\n') })).toContain('bx -> bx fingerprint');
  });

  test('says what a header became, and when the source header was taken', async () => {
    const { said } = await answer(sample, transcript);
    expect(said).toContain('target header `New Name` becomes `new name`');
    expect(said).toContain('using the source header `first name`');
    expect(said).toContain('column `first name`, target 2 of 2: type? [s]ealed, [f]ingerprint or [c]leartext');
  });

  test('a target count is asked for, by default one, and none skips the column', async () => {
    expect(await describeAnswers([text('a'), text('b')], ['', 'clear', '', '+0'])).toBe('a -> a cleartext');
  });

  test.each(['x', '-1', '1601', '1.5', ' 1', '0x1'])('a target count of %j is asked for again', async (count) => {
    const { said } = await answer([text('a')], [count, '0']);
    expect(said).toContain('enter an integer from 0 to 1600');
  });

  test('an unknown type, and none, are asked for again', async () => {
    const { schema, said } = await answer([text('a')], ['1', '', 'hashed', 'CLEAR', '']);
    expect(said.match(/answer \[s\]ealed, \[f\]ingerprint or \[c\]leartext/g)).toHaveLength(2);
    expect(schema?.columns[0]?.kind).toBe('cleartext');
  });

  test('a bad header is asked for again', async () => {
    const { schema, said } = await answer([text('a')], ['1', 'c', 'a-b', 'b']);
    expect(said).toContain('target header `a-b`: must not have a hyphen');
    expect(schema?.columns[0]?.targetHeader).toBe('b');
  });

  test('a header that is too long with its suffix is asked for again', async () => {
    const long = 'x'.repeat(125);
    expect(await describeAnswers([text('a')], ['1', 'f', long, 'y', long, 'n'])).toBe(`a -> ${long} fingerprint`);
  });

  test('a header that is used already is asked for again', async () => {
    const answers = ['2', 'c', '', 'c', '', 'A', 'b'];
    const { schema, said } = await answer([text('a')], answers);
    expect(said.match(/the target header `a` is already used/g)).toHaveLength(2);
    expect(schema === null ? '' : describeTableSchema(schema)).toBe('a -> a cleartext, a -> b cleartext');
  });

  test('all pads can be chosen, and lengths are checked', async () => {
    const answers = ['3', 's', 'n', '', 'none', 's', 'f', '', 'f', '', '10001', '12', 's', 'm', '', '', '-1', ''];
    const { schema, said } = await answer([text('a')], answers);
    expect(schema?.columns.map((column) => (column.kind === 'sealed' ? column.pad : null))).toEqual([
      { kind: 'none' },
      { kind: 'fixed', lengthBytes: 12 },
      { kind: 'max', lengthBytes: 0 },
    ]);
    expect(said.match(/enter an integer from 0 to 10000/g)).toHaveLength(3);
  });

  test('cleartext is not offered where the collaboration forbids it', async () => {
    const { schema, said } = await answer([text('a')], ['', 'c', 'f', '', ''], { allowCleartext: false });
    expect(said).toContain('the collaboration forbids cleartext columns');
    expect(said).toContain('answer [s]ealed or [f]ingerprint');
    expect(schema?.columns[0]?.kind).toBe('fingerprint');
  });

  test('a column that cannot be protected is cleartext without being asked', async () => {
    const { schema, said } = await answer([OPAQUE], ['1', 'B']);
    expect(schema === null ? '' : describeTableSchema(schema)).toBe('blob -> b cleartext');
    expect(said).toContain('warning: column `blob`: its type cannot be protected');
    expect(said).not.toContain('type?');
  });

  test('a column that cannot be protected is left out where cleartext is forbidden', async () => {
    const { schema, said } = await answer([OPAQUE], [], { allowCleartext: false });
    expect(schema).toBeNull();
    expect(said).toContain('warning: column `blob` is left out');
  });

  test('a column that cannot be fingerprinted is not offered as one', async () => {
    const { said } = await answer([{ name: 'd', content: 'number', kinds: ['sealed', 'cleartext'] }], ['', 'c', '']);
    expect(said).toContain('[s]ealed or [c]leartext');
  });

  test('without a header row a target header is needed', async () => {
    const { schema, said } = await answer([text(''), text('')], ['0', '', 's', '', ' ', 'T', 'n', '', ''], {
      headerRow: false,
    });
    expect(schema).toMatchObject({ headerRow: false, sourceCount: 2 });
    expect(schema === null ? '' : describeTableSchema(schema)).toBe('_c1 -> t sealed');
    expect(said).toContain('column _c1: target header?');
  });

  test('no target columns give no schema', async () => {
    expect(await describeAnswers([text('a'), text('b')], ['0', '0'])).toBe('no columns');
  });

  test.each([[[]], [['1']], [['1', 's', '']], [['1', 's', '', '', 'f']]])(
    'the end of input after %j is an error',
    async (answers) => {
      const error = await catchError(answer([text('a')], answers));
      expect(error).toMatchObject({
        code: 'IO_ABORTED',
        message: 'the input ended before all questions were answered',
      });
    },
  );
});

describe('the terminal', () => {
  const keys = { enter: '\r', down: '\u001b[B', cancel: '\u0003' };

  function openTerminal(): { input: PassThrough; prompter: Prompter; shown: () => string } {
    const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => input });
    const output = Object.assign(new PassThrough(), { isTTY: true, columns: 80, rows: 24 });
    let shown = '';
    output.on('data', (chunk: Buffer) => (shown += chunk.toString()));
    return { input, prompter: createTerminalPrompter(input, output), shown: () => shown };
  }

  /** Presses the keys one after the other, with time for the dialogue to react to each. */
  async function press(input: PassThrough, strokes: readonly string[]): Promise<void> {
    for (const stroke of strokes) {
      input.write(stroke);
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  test('runs the same dialogue with keys', async () => {
    const { input, prompter, shown } = openTerminal();
    const dialogue = runSchemaDialogue(
      readSourceTable([text('a'), text('b')], true),
      { allowCleartext: true },
      prompter,
    );
    const { enter, down } = keys;
    await press(input, [enter, down, enter, 'X', enter, down, enter, '0', enter]);
    const schema = await dialogue;
    expect(schema === null ? '' : describeTableSchema(schema)).toBe('a -> x fingerprint');
    expect(shown()).toContain('target header `X` becomes `x`');
    prompter.close();
  });

  test('shows what is wrong with an answer and waits for another', async () => {
    const { input, prompter, shown } = openTerminal();
    const dialogue = runSchemaDialogue(readSourceTable([text('a')], true), { allowCleartext: true }, prompter);
    await press(input, ['x', keys.enter, '\u007f', '0', keys.enter]);
    expect(await dialogue).toBeNull();
    expect(shown()).toContain('enter an integer from 0 to 1600');
  });

  test('Ctrl-C cancels', async () => {
    const { input, prompter } = openTerminal();
    const failure = catchError(
      runSchemaDialogue(readSourceTable([text('a')], true), { allowCleartext: true }, prompter),
    );
    await press(input, [keys.enter, keys.cancel]);
    expect(await failure).toMatchObject({ code: 'IO_ABORTED', message: 'the dialogue was cancelled' });
  });

  test('Ctrl-D is the end of input', async () => {
    const { input, prompter } = openTerminal();
    const failure = catchError(
      runSchemaDialogue(readSourceTable([text('a')], true), { allowCleartext: true }, prompter),
    );
    await press(input, [keys.enter, '\u0004']);
    expect((await failure).message).toContain('the input ended');
  });

  test('a signal cancels', async () => {
    const abort = new AbortController();
    const input = new PassThrough();
    for (const prompter of [
      createLinePrompter(input, new PassThrough(), abort.signal),
      createTerminalPrompter(input, new PassThrough(), abort.signal),
    ]) {
      const failure = catchError(
        runSchemaDialogue(readSourceTable([text('a')], true), { allowCleartext: true }, prompter),
      );
      abort.abort();
      expect((await failure).code).toBe('IO_ABORTED');
    }
  });

  test('the end of input cancels', async () => {
    const { input, prompter } = openTerminal();
    const failure = catchError(
      runSchemaDialogue(readSourceTable([text('a')], true), { allowCleartext: true }, prompter),
    );
    await press(input, [keys.enter]);
    input.end();
    expect((await failure).code).toBe('IO_ABORTED');
  });
});
