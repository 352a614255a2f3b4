/** Writes small MMDB files for tests, after the format's specification 2.0: https://maxmind.github.io/MaxMind-DB/. */

export type Value = string | number | boolean | readonly Value[] | { readonly [name: string]: Value };

export interface MmdbOptions {
  /** Bits of one side of a node: the two and a half layouts there are. */
  readonly recordSize?: 24 | 28 | 32;
  readonly ipVersion?: 4 | 6;
  readonly type?: string;
  readonly buildEpoch?: number;
}

/** One side of a node: nothing, another node, or the number of a record. */
type Side = undefined | Node | number;
type Node = [Side, Side];

const MARKER = Buffer.from([0xab, 0xcd, 0xef, ...Buffer.from("MaxMind.com")]);

/** The file that says `value` for each network, such as `192.0.2.0/24` or `2001:db8::/32`. */
export function writeMmdb(networks: Readonly<Record<string, Value>>, options: MmdbOptions = {}): Buffer {
  const { recordSize = 28, ipVersion = 6, type = "Test-Country", buildEpoch = 1_700_000_000 } = options;
  const root: Node = [undefined, undefined];
  const records: Buffer[] = [];
  const offsets: number[] = [];
  let length = 0;
  for (const [network, value] of Object.entries(networks)) {
    const record = encode(value);
    offsets.push(length);
    records.push(record);
    length += record.length;
    insert(root, bitsOf(network, ipVersion), offsets.length - 1);
  }
  const nodes: Node[] = [];
  const number = new Map<Node, number>();
  const visit = (node: Node): void => {
    number.set(node, nodes.length);
    nodes.push(node);
    for (const side of node) if (Array.isArray(side)) visit(side);
  };
  visit(root);
  const count = nodes.length;
  // What is no node is empty (the count itself) or lies behind the tree and its 16 zero bytes.
  const pointer = (side: Side): number =>
    side === undefined ? count : typeof side === "number" ? count + 16 + offsets[side]! : number.get(side)!;
  const tree = Buffer.concat(nodes.map(([left, right]) => encodeNode(pointer(left), pointer(right), recordSize)));
  const metadata = encode({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: buildEpoch,
    database_type: type,
    description: { en: "made for a test" },
    ip_version: ipVersion,
    languages: ["en"],
    node_count: count,
    record_size: recordSize,
  });
  return Buffer.concat([tree, Buffer.alloc(16), ...records, MARKER, metadata]);
}

function insert(root: Node, bits: readonly number[], record: number): void {
  let node = root;
  for (const bit of bits.slice(0, -1)) {
    const side = node[bit as 0 | 1];
    const next: Node = Array.isArray(side) ? side : [side, side];
    node[bit as 0 | 1] = next;
    node = next;
  }
  node[bits.at(-1) as 0 | 1] = record;
}

/** IPv4 networks of an IPv6 tree stand below `::/96`. */
function bitsOf(network: string, ipVersion: 4 | 6): number[] {
  const [address = "", prefix = ""] = network.split("/");
  const isIPv4 = address.includes(".");
  const bytes = isIPv4 ? address.split(".").map(Number) : ipv6Bytes(address);
  const bits = bytes.flatMap((byte) => Array.from({ length: 8 }, (_, index) => (byte >> (7 - index)) & 1)).slice(0, Number(prefix));
  return isIPv4 && ipVersion === 6 ? [...Array<number>(96).fill(0), ...bits] : bits;
}

function ipv6Bytes(address: string): number[] {
  const [head = "", tail = ""] = address.split("::");
  const words = (text: string): number[] => (text === "" ? [] : text.split(":").map((word) => Number.parseInt(word, 16)));
  const [first, last] = [words(head), words(tail)];
  return [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last].flatMap((word) => [word >> 8, word & 0xff]);
}

function encodeNode(left: number, right: number, recordSize: 24 | 28 | 32): Buffer {
  const bytes = (value: number, size: number): number[] =>
    Array.from({ length: size }, (_, index) => Math.floor(value / 2 ** (8 * (size - 1 - index))) & 0xff);
  if (recordSize === 24) return Buffer.from([...bytes(left, 3), ...bytes(right, 3)]);
  if (recordSize === 32) return Buffer.from([...bytes(left, 4), ...bytes(right, 4)]);
  // The highest four bits of both sides share the byte between them.
  return Buffer.from([...bytes(left & 0xff_ffff, 3), ((left >>> 24) << 4) | (right >>> 24), ...bytes(right & 0xff_ffff, 3)]);
}

const MAP = 7;
const STRING = 2;
const UINT32 = 6;
const UINT64 = 9;
const ARRAY = 11;
const BOOLEAN = 14;

function encode(value: Value): Buffer {
  if (typeof value === "string") return Buffer.concat([control(STRING, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === "boolean") return control(BOOLEAN, value ? 1 : 0);
  if (typeof value === "number") {
    const bytes: number[] = [];
    for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest & 0xff);
    return Buffer.concat([control(value > 0xffff_ffff ? UINT64 : UINT32, bytes.length), Buffer.from(bytes)]);
  }
  if (Array.isArray(value)) return Buffer.concat([control(ARRAY, value.length), ...value.map(encode)]);
  const entries = Object.entries(value);
  return Buffer.concat([control(MAP, entries.length), ...entries.flatMap(([name, one]) => [encode(name), encode(one)])]);
}

function control(type: number, size: number): Buffer {
  const [short, more] = size < 29 ? [size, []] : [29, [size - 29]];
  return type < 8 ? Buffer.from([(type << 5) | short, ...more]) : Buffer.from([short, type - 7, ...more]);
}
