/**
 * Finds where SQL statements end, line by line, the way psql does: a semicolon counts outside quotes, comments,
 * parentheses and `BEGIN ATOMIC … END` bodies.
 */
export interface StatementReader {
  /** Takes one line (with its line end, if it has one) and gives the statements that end in it, without comments before them. */
  line(text: string): string[];
  /** Whether a statement has begun and not ended. */
  readonly open: boolean;
  /** What is left at the end of the input: a last statement without a semicolon. */
  rest(): string | undefined;
}

type State =
  | { readonly in: 'code' }
  | { readonly in: 'string' | 'escaped' | 'name' }
  | { readonly in: 'dollar'; readonly tag: string }
  | { readonly in: 'comment'; readonly depth: number };

const CODE: State = { in: 'code' };
const PLAIN = /[^'"$\-/;()A-Za-z_\u0080-\uffff]+/y;
const WORD = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y;
const DOLLAR = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;
const QUOTED: Readonly<Record<'string' | 'escaped' | 'name', RegExp>> = {
  string: /[^']*/y,
  escaped: /(?:[^'\\]|\\[\s\S])*/y,
  name: /[^"]*/y,
};

const match = (pattern: RegExp, text: string, at: number): string => {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? '';
};

export const statementReader = (): StatementReader => {
  let state: State = CODE;
  let text = '';
  let parentheses = 0;
  let bodies = 0;
  let words: string[] = [];
  let done: string[] = [];

  const finish = (): void => {
    const statement = text.trim();
    if (statement !== ';' && statement !== '') done.push(statement);
    text = '';
    parentheses = 0;
    bodies = 0;
    words = [];
  };
  /** `CREATE [OR REPLACE] FUNCTION` bodies may be SQL themselves, with semicolons. */
  const takeWord = (word: string): void => {
    const lower = word.toLowerCase();
    if (words.length < 4) words.push(lower);
    if (parentheses > 0 || words[0] !== 'create') return;
    const kind = words[1] === 'or' ? words[3] : words[1];
    if (kind !== 'function' && kind !== 'procedure') return;
    if (lower === 'begin' || (lower === 'case' && bodies > 0)) bodies += 1;
    else if (lower === 'end' && bodies > 0) bodies -= 1;
  };
  /** Reads code at `at` and says how far it went. */
  const code = (line: string, at: number): number => {
    const plain = match(PLAIN, line, at);
    if (plain !== '') return keep(plain, at);
    const word = match(WORD, line, at);
    if (word !== '') {
      takeWord(word);
      if ((word === 'E' || word === 'e') && line[at + 1] === "'") {
        state = { in: 'escaped' };
        return keep(`${word}'`, at);
      }
      return keep(word, at);
    }
    const pair = line.slice(at, at + 2);
    if (pair === '--') {
      const end = line.indexOf('\n', at);
      return end < 0 ? line.length : end;
    }
    if (pair === '/*') {
      state = { in: 'comment', depth: 1 };
      return at + 2;
    }
    const dollar = match(DOLLAR, line, at);
    if (dollar !== '') {
      state = { in: 'dollar', tag: dollar };
      return keep(dollar, at);
    }
    const c = line[at] ?? '';
    if (c === "'") state = { in: 'string' };
    else if (c === '"') state = { in: 'name' };
    else if (c === '(') parentheses += 1;
    else if (c === ')') parentheses = Math.max(0, parentheses - 1);
    const next = keep(c, at);
    if (c === ';' && parentheses === 0 && bodies === 0) finish();
    return next;
  };
  const keep = (piece: string, at: number): number => {
    // White space and comments before a statement are not part of it.
    if (text !== '' || piece.trim() !== '') text += piece;
    return at + piece.length;
  };
  const quoted = (kind: 'string' | 'escaped' | 'name', line: string, at: number): number => {
    const inside = match(QUOTED[kind], line, at);
    const end = at + inside.length;
    // A doubled quote closes and opens again, which comes to the same.
    if (end >= line.length) return keep(inside, at);
    state = CODE;
    const next = keep(inside + (line[end] ?? ''), at);
    if (kind === 'escaped' && line[next] === "'") {
      state = { in: 'escaped' };
      return keep("'", next);
    }
    return next;
  };
  const step = (line: string, at: number): number => {
    switch (state.in) {
      case 'code':
        return code(line, at);
      case 'string':
      case 'escaped':
      case 'name':
        return quoted(state.in, line, at);
      case 'dollar': {
        const end = line.indexOf(state.tag, at);
        if (end < 0) return keep(line.slice(at), at);
        const length = end + state.tag.length - at;
        state = CODE;
        return keep(line.slice(at, at + length), at);
      }
      case 'comment': {
        const next = /\/\*|\*\//g;
        next.lastIndex = at;
        const found = next.exec(line);
        if (found === null) return line.length;
        const depth: number = state.depth + (found[0] === '/*' ? 1 : -1);
        state = depth === 0 ? CODE : { in: 'comment', depth };
        return found.index + 2;
      }
      default:
        return state satisfies never;
    }
  };
  return {
    line: (line) => {
      done = [];
      for (let at = 0; at < line.length;) at = step(line, at);
      return done;
    },
    get open() {
      return text !== '' || state.in !== 'code';
    },
    rest: () => {
      const left = text.trim();
      return left === '' ? undefined : left;
    },
  };
};

/** All statements of a text. */
export const splitStatements = (sql: string): string[] => {
  const reader = statementReader();
  const found = reader.line(sql);
  const rest = reader.rest();
  return rest === undefined ? found : [...found, rest];
};
