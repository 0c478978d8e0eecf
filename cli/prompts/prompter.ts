/** A question that is answered with a line of text. */
export interface TextQuestion {
  readonly message: string;
  /** The answer if it is left empty; `null` if an answer is needed. */
  readonly initial: string | null;
  /** Returns the problem with an answer, or `null`; the question is repeated until it is valid. Blanks are an empty answer. */
  readonly check: (answer: string) => string | null;
}

/** A question that is answered with one of a few words. */
export interface ChoiceQuestion<T extends string> {
  readonly message: string;
  readonly options: readonly T[];
  /** The answer if it is left empty; `null` if an answer is needed. */
  readonly initial: T | null;
}

/** An item of a menu. */
export interface MenuItem {
  /** What a script answers: a word or a number. */
  readonly key: string;
  readonly label: string;
  /** What it does, for an item whose label is one word. */
  readonly hint?: string | undefined;
}

/** A question that is answered with an item of a menu. */
export interface MenuQuestion {
  readonly message: string;
  /** The headings above the items' labels, if these are the rows of a table. */
  readonly heading: string | null;
  readonly items: readonly MenuItem[];
  /** The key of the answer if it is left empty; `null` if an answer is needed. */
  readonly initial: string | null;
  /** The key of the item on which a terminal's cursor starts; default: `initial`, or the first. */
  readonly cursor?: string | undefined;
}

/** Asks questions of a person at a terminal, or of a script. */
export interface Prompter {
  /** How many characters fit into a line of a menu. */
  readonly width: number;
  /** Shows a line. */
  say(line: string): void;
  /**
   * Returns the answer, which may be empty, after it passed the check of the question.
   *
   * @throws {SealroomError} IO_ABORTED if there are no more answers.
   */
  askText(question: TextQuestion): Promise<string>;
  /** @throws {SealroomError} IO_ABORTED if there are no more answers. */
  askChoice<T extends string>(question: ChoiceQuestion<T>): Promise<T>;
  /** Returns the key of the chosen item. @throws {SealroomError} IO_ABORTED if there are no more answers. */
  askMenu(question: MenuQuestion): Promise<string>;
  close(): void;
}
