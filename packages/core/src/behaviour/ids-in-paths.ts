/**
 * Finds what in a path or a parameter names one thing among many: UUIDs, numbers, object ids.
 *
 * @module
 */

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** As long as a UUID and cut the same way, or nearly so: what becomes of one when somebody edits it. */
const NEARLY_UUID = /^\w{7,9}-\w{3,5}-\w{3,5}-\w{3,5}-\w{11,13}$/;
const OBJECT_ID = /^(?:[0-9a-f]{24}|[0-9A-HJKMNP-TV-Z]{26}|\d{1,20})$/i;
const MAX_SEGMENTS = 32;
const LONGEST_NUMBER = 20;
const SHORTEST_BROKEN = 32;
const LONGEST_BROKEN = 40;

/** True for a path in which no segment can be a broken UUID, told by its length alone. */
export const isShort = (path: string): boolean => path.length <= SHORTEST_BROKEN;

/** A UUID of any version in its usual spelling, in either case. */
export const isUuid = (text: string): boolean => text.length === 36 && UUID.test(text);

/** Cut like a UUID and none: a digit too many, or a letter that no UUID has. */
export const isBrokenUuid = (text: string): boolean =>
  text.length >= SHORTEST_BROKEN && text.length <= LONGEST_BROKEN && NEARLY_UUID.test(text) && !isUuid(text);

/** A number, a UUID, an ObjectId or a ULID. */
export const isIdentifier = (text: string): boolean => text.length <= 36 && (isUuid(text) || OBJECT_ID.test(text));

/** The last segment of a path that is an identifier or a broken one; the first segment counts too. Linear. */
export function identifierIn(path: string): string | undefined {
  let end = path.length;
  let count = 0;
  for (let at = end - 1; at >= -1 && count < MAX_SEGMENTS && end > 0; at--) {
    if (at >= 0 && path.charCodeAt(at) !== 47 /* / */) continue;
    if (mayIdentify(path, at + 1, end - at - 1)) {
      const segment = path.slice(at + 1, end);
      if (isIdentifier(segment) || isBrokenUuid(segment)) return segment;
    }
    end = at;
    count++;
  }
  return undefined;
}

/** By its length and first character: of the segments that honest paths are made of, hardly one is cut out and matched. */
function mayIdentify(path: string, from: number, length: number): boolean {
  if (length > LONGEST_NUMBER) return length === 24 || length === 26 || (length >= SHORTEST_BROKEN && length <= LONGEST_BROKEN);
  const first = path.charCodeAt(from);
  return length > 0 && first >= 48 && first <= 57;
}

/** Which segment of a route's path its pattern has `:name`, `[name]` or `{name}` for, counted from the text before the first slash; -1: none. */
export function parameterSegment(pattern: string, names: ReadonlySet<string>): number {
  return pattern.split("/", MAX_SEGMENTS).findIndex((part) => {
    const name = /^(?::(\w+)|\[(\w+)\]|\{(\w+)\})/.exec(part);
    return name !== null && names.has((name[1] ?? name[2] ?? name[3])!.toLowerCase());
  });
}

/** A path's segment by its number. */
export const segmentAt = (path: string, index: number): string | undefined => path.split("/", MAX_SEGMENTS)[index];
