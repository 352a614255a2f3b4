/**
 * Notes of decisions in one block of memory. As objects, thousands of them would have left the young part of the heap by the time they are dropped, and
 * collecting them cost a request more than everything else that is done for events.
 *
 * @module
 */
import type { DecisionNote } from "@aiwaf/core/records";

/** Notes by place, each as bytes, one behind the other, and around again. */
export interface NoteRing {
  /**
   * Finds room behind the note that was written last, and says where it begins and ends. Positions only grow: what begins more than `size` before that end is
   * written over.
   *
   * @returns false for a note that cannot be kept as bytes.
   */
  place(note: DecisionNote): boolean;
  /** Writes the note that was placed last. */
  write(index: number): void;
  startOf(index: number): number;
  idOf(index: number): string;
  clientOf(index: number): string;
  /** The note at `index`, which is then wiped. */
  take(index: number): DecisionNote;
  wipe(index: number): void;
  /** Where the note that was placed last begins and ends. */
  readonly start: number;
  readonly end: number;
  readonly size: number;
}

/** Texts beside the lines: id, client, method, target, mode, route and country. */
const TEXTS = 7;
const MAX_TEXT = 65_535;
const BEYOND_BYTES = /[^\u0000-\u00ff]/;
/** Numbers of a note. Writing them as digits would take longer than everything else. */
const NUMBERS = 8;
const [START, END, AT, STATUS, DURATION, THRESHOLD, ASN, HAS] = [0, 1, 2, 3, 4, 5, 6, 7] as const;
const HAS_OUTCOME = 1;
const HAS_ROUTE = 2;
const HAS_COUNTRY = 4;
const HAS_ASN = 8;

/** A ring of `size` bytes for `capacity` notes. Pages that are never written take no memory. */
export function createNoteRing(capacity: number, size: number): NoteRing {
  const bytes = Buffer.allocUnsafeSlow(size);
  const numbers = new Float64Array(capacity * NUMBERS);
  let placed: DecisionNote | undefined;
  let text = "";
  let start = 0;
  let end = 0;

  const put = (at: number, value: number): number => {
    bytes[at] = value & 255;
    bytes[at + 1] = value >> 8;
    return at + 2;
  };
  const get = (at: number): number => bytes[at]! | (bytes[at + 1]! << 8);
  const beginOf = (index: number): number => numbers[index * NUMBERS + START]! % size;
  const textsOf = (begin: number): number => begin + 2 * (1 + TEXTS + get(begin));
  const wipe = (index: number): void => {
    const begin = beginOf(index);
    bytes.fill(0, begin, begin + numbers[index * NUMBERS + END]! - numbers[index * NUMBERS + START]!);
  };

  return {
    size,
    get start() {
      return start;
    },
    get end() {
      return end;
    },
    place(note) {
      const { id, client, method, target, mode, route = "", country = "", lines } = note;
      const joined = id + client + method + target + mode + route + country + lines.join("");
      const length = 2 * (1 + TEXTS + lines.length) + joined.length;
      if (BEYOND_BYTES.test(joined) || joined.length > MAX_TEXT || length > size) return false;
      [placed, text] = [note, joined];
      start = end;
      // None lies across the end of the block.
      if ((start % size) + length > size) start += size - (start % size);
      end = start + length;
      return true;
    },
    write(index) {
      const { id, client, method, target, mode, route, country, lines, at, status, durationMs, threshold, asn } = placed as DecisionNote;
      let offset = put(start % size, lines.length);
      offset = put(offset, id.length);
      offset = put(offset, client.length);
      offset = put(offset, method.length);
      offset = put(offset, target.length);
      offset = put(offset, mode.length);
      offset = put(offset, route === undefined ? 0 : route.length);
      offset = put(offset, country === undefined ? 0 : country.length);
      for (let line = 0; line < lines.length; line++) offset = put(offset, lines[line]!.length);
      bytes.write(text, offset, "latin1");
      const first = index * NUMBERS;
      numbers[first + START] = start;
      numbers[first + END] = end;
      numbers[first + AT] = at;
      numbers[first + STATUS] = status ?? 0;
      numbers[first + DURATION] = durationMs ?? 0;
      numbers[first + THRESHOLD] = threshold;
      numbers[first + ASN] = asn ?? 0;
      numbers[first + HAS] =
        (status === undefined || durationMs === undefined ? 0 : HAS_OUTCOME) |
        (route === undefined ? 0 : HAS_ROUTE) |
        (country === undefined ? 0 : HAS_COUNTRY) |
        (asn === undefined ? 0 : HAS_ASN);
      [placed, text] = [undefined, ""];
    },
    startOf: (index) => numbers[index * NUMBERS + START]!,
    idOf(index) {
      const begin = beginOf(index);
      const from = textsOf(begin);
      return bytes.toString("latin1", from, from + get(begin + 2));
    },
    clientOf(index) {
      const begin = beginOf(index);
      const from = textsOf(begin) + get(begin + 2);
      return bytes.toString("latin1", from, from + get(begin + 4));
    },
    take(index) {
      const begin = beginOf(index);
      let lengthAt = begin + 2;
      let from = textsOf(begin);
      const next = (): string => {
        const to = from + get(lengthAt);
        const piece = bytes.toString("latin1", from, to);
        from = to;
        lengthAt += 2;
        return piece;
      };
      const [id, client, method, target, mode, route, country] = [next(), next(), next(), next(), next(), next(), next()];
      const lines = Array.from({ length: get(begin) }, next);
      wipe(index);
      const first = index * NUMBERS;
      const has = numbers[first + HAS]!;
      return {
        id,
        at: numbers[first + AT]!,
        method,
        target,
        lines,
        client,
        mode: mode as DecisionNote["mode"],
        threshold: numbers[first + THRESHOLD]!,
        status: has & HAS_OUTCOME ? numbers[first + STATUS] : undefined,
        durationMs: has & HAS_OUTCOME ? numbers[first + DURATION] : undefined,
        route: has & HAS_ROUTE ? route : undefined,
        country: has & HAS_COUNTRY ? country : undefined,
        asn: has & HAS_ASN ? numbers[first + ASN] : undefined,
        bytes: numbers[first + END]! - numbers[first + START]!,
      };
    },
    wipe,
  };
}
