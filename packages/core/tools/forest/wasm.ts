/**
 * Just enough of the WebAssembly binary format to write the forest's kernel in TypeScript, loops unrolled by ordinary code, and to build it without a
 * compiler to install. Opcodes as in the WebAssembly 2.0 specification, appendix "Index of Instructions".
 *
 * @module
 */

/** Instructions as bytes; an expression leaves its value on the stack. */
export type Code = readonly number[];

export type ValueType = "i32" | "i64" | "f64" | "v128";

const TYPES: Record<ValueType, number> = { i32: 0x7f, i64: 0x7e, f64: 0x7c, v128: 0x7b };

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

const f64Bytes = (value: number): number[] => [...new Uint8Array(new Float64Array([value]).buffer)];
const simd = (opcode: number): number[] => [0xfd, ...unsigned(opcode)];
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
  store: (address: Code, value: Code, offset = 0): Code => memory(2, 0x36)(address, value)(offset),
  add: apply(0x6a),
  sub: apply(0x6b),
  mul: apply(0x6c),
  shl: apply(0x74),
  lt: apply(0x48),
  ltUnsigned: apply(0x49),
  and: apply(0x71),
  xor: apply(0x73),
  shiftRight: apply(0x76),
  or: apply(0x72),
  truncate: apply(0xaa),
  wrap: apply(0xa7),
};

export const i64 = {
  load: (address: Code, offset = 0): Code => memory(3, 0x29)(address)(offset),
  store: (address: Code, value: Code, offset = 0): Code => memory(3, 0x37)(address, value)(offset),
};

export const f64 = {
  const: (value: number): Code => [0x44, ...f64Bytes(value)],
  load: (address: Code, offset = 0): Code => memory(3, 0x2b)(address)(offset),
  store: (address: Code, value: Code, offset = 0): Code => memory(3, 0x39)(address, value)(offset),
  eq: apply(0x61),
  lt: apply(0x63),
  gt: apply(0x64),
  ge: apply(0x66),
  add: apply(0xa0),
  convert: apply(0xb7),
};

export const v128 = {
  load: (address: Code, offset = 0): Code => memory(4, ...simd(0x00))(address)(offset),
  store: (address: Code, value: Code, offset = 0): Code => memory(4, ...simd(0x0b))(address, value)(offset),
  load64Splat: (address: Code, offset = 0): Code => memory(3, ...simd(0x0a))(address)(offset),
  i32Const: (lanes: readonly number[]): Code => [...simd(0x0c), ...new Uint8Array(new Int32Array(lanes).buffer)],
  f64Const: (value: number): Code => [...simd(0x0c), ...f64Bytes(value), ...f64Bytes(value)],
  f64Pair: (first: number, second: number): Code => [...simd(0x0c), ...f64Bytes(first), ...f64Bytes(second)],
  /** Picks four 32-bit lanes by number. */
  pick: (value: Code, lanes: readonly number[]): Code => [
    ...value,
    ...value,
    ...simd(0x0d),
    ...lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => lane * 4 + byte)),
  ],
  and: apply(...simd(0x4e)),
  xor: apply(...simd(0x51)),
  /** Bits of the first where the third is set, of the second elsewhere. */
  select: apply(...simd(0x52)),
};

export const i32x4 = {
  splat: apply(...simd(0x11)),
  shiftRight: apply(...simd(0xad)),
  add: apply(...simd(0xae)),
  mul: apply(...simd(0xb5)),
};

export const i64x2 = { sub: apply(...simd(0xd1)) };

export const f64x2 = {
  splat: apply(...simd(0x14)),
  lane: (value: Code, lane: number): Code => [...value, ...simd(0x21), lane],
  lt: apply(...simd(0x49)),
  gt: apply(...simd(0x4a)),
  add: apply(...simd(0xf0)),
  sub: apply(...simd(0xf1)),
  mul: apply(...simd(0xf2)),
  div: apply(...simd(0xf3)),
  /** The second where it is less than the first. */
  least: apply(...simd(0xf6)),
  /** The second where the first is less than it. */
  greatest: apply(...simd(0xf7)),
  /** From the two low 32-bit lanes. */
  convertUnsigned: apply(...simd(0xff)),
};

/** Runs `body` at least once, and again while `condition` holds at its end. */
export const repeatWhile = (body: Code, condition: Code): Code => [0x03, 0x40, ...body, ...condition, 0x0d, 0, 0x0b];
export const when = (condition: Code, body: Code): Code => [...condition, 0x04, 0x40, ...body, 0x0b];

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
