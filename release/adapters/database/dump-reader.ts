import { statementReader } from './statements.ts';

/** A plain dump, piece by piece. The data of a `copy` must be read to its end before the next item is asked for. */
export type DumpItem =
  | { readonly kind: 'statement'; readonly sql: string }
  | { readonly kind: 'copy'; readonly sql: string; readonly data: AsyncIterable<Buffer> };

/** A dump that is not what pg_dump writes, or that ends too early. */
export class DumpError extends Error {
  override readonly name = 'DumpError';
}

const NEWLINE = 10;
const END = Buffer.from('\\.\n');
const END_ON_NEW_LINE = Buffer.from('\n\\.\n');
const COPY = /^COPY\s[\s\S]*\sFROM\s+stdin\b/i;

/** Bytes with a look at the next whole lines. */
class Lines {
  readonly #source: AsyncIterator<Buffer>;
  #pending: Buffer = Buffer.alloc(0);
  #ended = false;

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async #more(): Promise<boolean> {
    if (this.#ended) return false;
    const next = await this.#source.next();
    if (next.done === true) {
      this.#ended = true;
      return false;
    }
    this.#pending = this.#pending.length === 0 ? next.value : Buffer.concat([this.#pending, next.value]);
    return true;
  }

  /** The next line with its line end; the last one may have none. */
  async line(): Promise<string | undefined> {
    let from = 0;
    for (;;) {
      const at = this.#pending.indexOf(NEWLINE, from);
      if (at >= 0) return this.#take(at + 1).toString('utf8');
      from = this.#pending.length;
      if (!(await this.#more()))
        return this.#pending.length === 0 ? undefined : this.#take(this.#pending.length).toString('utf8');
    }
  }

  /** Rows up to the line `\.`, many at a time. */
  async *rows(sql: string): AsyncGenerator<Buffer> {
    for (;;) {
      const last = this.#pending.lastIndexOf(NEWLINE);
      if (last >= 0) {
        const block = this.#pending.subarray(0, last + 1);
        const end = block.subarray(0, END.length).equals(END) ? 0 : block.indexOf(END_ON_NEW_LINE) + 1;
        const found = end > 0 || block.subarray(0, END.length).equals(END);
        if (found) {
          const rows = this.#take(end);
          this.#take(END.length);
          if (rows.length > 0) yield rows;
          return;
        }
        yield this.#take(block.length);
      }
      if (!(await this.#more()))
        throw new DumpError(`the dump ends inside the data of: ${sql.slice(0, 200)}`);
    }
  }

  #take(length: number): Buffer {
    const taken = this.#pending.subarray(0, length);
    this.#pending = this.#pending.subarray(length);
    return taken;
  }
}

/**
 * Reads a plain dump as psql would, a piece at a time. `\restrict` and `\unrestrict`, which only concern psql, are
 * left out; any other backslash command is refused, since it could name files and programs.
 */
export async function* readDump(source: AsyncIterable<Buffer>): AsyncGenerator<DumpItem> {
  const lines = new Lines(source);
  const reader = statementReader();
  for (;;) {
    const line = await lines.line();
    if (line === undefined) break;
    if (!reader.open && line.startsWith('\\')) {
      if (/^\\(?:un)?restrict\b/.test(line)) continue;
      throw new DumpError(`the dump holds the psql command ${JSON.stringify(line.trim().slice(0, 60))}`);
    }
    for (const sql of reader.line(line)) {
      if (!COPY.test(sql)) {
        yield { kind: 'statement', sql };
        continue;
      }
      const data = lines.rows(sql);
      yield { kind: 'copy', sql, data };
      if ((await data.next()).done !== true) throw new Error('the data of a COPY was not read to its end');
    }
  }
  const rest = reader.rest();
  if (rest !== undefined) throw new DumpError(`the dump ends inside a statement: ${rest.slice(0, 200)}`);
}
