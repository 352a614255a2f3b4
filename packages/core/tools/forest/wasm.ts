/**
 * Just enough of the WebAssembly binary format to write the forest's kernel in TypeScript, loops unrolled by ordinary code, and to build it without a
 * compiler to install. Opcodes as in the WebAssembly 2.0 specification, appendix "Index of Instructions".
 *
 * @module
 */

/** Instructions as bytes; an expression leaves its value on the stack. */
export type Code = readonly number[];

export type ValueType = "i32" | "f64";

const TYPES: Record<ValueType, number> = { i32: 0x7f, f64: 0x7c };

/** Unsigned LEB128. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value >>> 0;
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return bytes;
}

/** Signed LEB128. */
function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const byte = rest & 0x7f;
    rest >>= 7;
    if ((rest === 0 && (byte & 0x40) === 0) || (rest === -1 && (byte & 0x40) !== 0)) return [...bytes, byte];
    bytes.push(byte | 0x80);
  }
}

const apply =
  (...opcode: number[]) =>
  (...operands: Code[]): Code => [...operands.flat(), ...opcode];
const memory =
  (align: number, ...opcode: number[]) =>
  (...operands: Code[]) =>
  (offset = 0): Code => [...operands.flat(), ...opcode, align, ...unsigned(offset)];

export const i32 = {
  const: (value: number): Code => [0x41, ...signed(value)],
  load: (address: Code, offset = 0): Code => memory(2, 0x28)(address)(offset),
  add: apply(0x6a),
  shl: apply(0x74),
  ltUnsigned: apply(0x49),
};

export const f64 = {
  load: (address: Code, offset = 0): Code => memory(3, 0x2b)(address)(offset),
  ge: apply(0x66),
  add: apply(0xa0),
};

/** Runs `body` at least once, and again while `condition` holds at its end. */
export const repeatWhile = (body: Code, condition: Code): Code => [0x03, 0x40, ...body, ...condition, 0x0d, 0, 0x0b];

/** A local variable. */
export interface Local {
  readonly get: Code;
  readonly type: ValueType;
  set(value: Code): Code;
}

export interface FunctionBody {
  readonly name: string;
  readonly parameters: readonly ValueType[];
  readonly result: ValueType;
  write(parameters: readonly Local[], local: (type: ValueType) => Local): Code;
}

/** A function; `write` gets its parameters, and declares further variables, zero at first, with `local`. */
export function define<const Parameters extends readonly ValueType[]>(body: {
  readonly name: string;
  readonly parameters: Parameters;
  readonly result: ValueType;
  write(parameters: { readonly [Index in keyof Parameters]: Local }, local: (type: ValueType) => Local): Code;
}): FunctionBody {
  return body as unknown as FunctionBody;
}

const section = (id: number, content: readonly number[]): number[] => [id, ...unsigned(content.length), ...content];
const vector = (items: readonly (readonly number[])[]): number[] => [...unsigned(items.length), ...items.flat()];
const name = (text: string): number[] => [...unsigned(text.length), ...new TextEncoder().encode(text)];

/** A module that exports the functions and one memory of at first one page. */
export function assemble(functions: readonly FunctionBody[]): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters, result }) => [0x60, ...vector(parameters.map((type) => [TYPES[type]])), 1, TYPES[result]]);
  const bodies = functions.map(({ parameters, write }) => {
    const declared: ValueType[] = [];
    const at = (index: number, type: ValueType): Local => ({
      type,
      get: [0x20, ...unsigned(index)],
      set: (value) => [...value, 0x21, ...unsigned(index)],
    });
    const code = write(
      parameters.map((type, index) => at(index, type)),
      (type) => at(parameters.length + declared.push(type) - 1, type),
    );
    const body = [...vector(declared.map((type) => [1, TYPES[type]])), ...code, 0x0b];
    return [...unsigned(body.length), ...body];
  });
  return new Uint8Array([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, vector(types)),
    ...section(3, vector(functions.map((_, index) => unsigned(index)))),
    ...section(5, vector([[0x00, 1]])),
    ...section(
      7,
      vector([[...name("memory"), 0x02, 0], ...functions.map((body, index) => [...name(body.name), 0x00, ...unsigned(index)])]),
    ),
    ...section(10, vector(bodies)),
  ]);
}
