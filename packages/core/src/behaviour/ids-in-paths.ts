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
const LONGEST = 64;

/** A UUID of any version in its usual spelling, in either case. */
export const isUuid = (text: string): boolean => text.length === 36 && UUID.test(text);

/** Cut like a UUID and none: a digit too many, or a letter that no UUID has. */
export const isBrokenUuid = (text: string): boolean => text.length >= 32 && text.length <= 40 && NEARLY_UUID.test(text) && !isUuid(text);

/** A number, a UUID, an ObjectId or a ULID. */
export const isIdentifier = (text: string): boolean => text.length <= 36 && (isUuid(text) || OBJECT_ID.test(text));

/** The last segment of a path that is an identifier or a broken one; the first segment counts too. Linear. */
export function identifierIn(path: string): string | undefined {
  let end = path.length;
  for (let count = 0; count < MAX_SEGMENTS && end > 0; count++) {
    const from = path.lastIndexOf("/", end - 1) + 1;
    const length = end - from;
    if (length > 0 && length <= LONGEST) {
      const segment = path.slice(from, end);
      if (isIdentifier(segment) || isBrokenUuid(segment)) return segment;
    }
    end = from - 1;
  }
  return undefined;
}

/** The path's segment where the route's pattern has `:name` or `[name]`. */
export function routeParameter(pattern: string, path: string, names: ReadonlySet<string>): string | undefined {
  const parts = pattern.split("/", MAX_SEGMENTS);
  const segments = path.split("/", MAX_SEGMENTS);
  for (let index = 0; index < parts.length; index++) {
    const name = /^(?::(\w+)|\[(\w+)\]|\{(\w+)\})/.exec(parts[index]!);
    if (name !== null && names.has((name[1] ?? name[2] ?? name[3])!.toLowerCase())) return segments[index];
  }
  return undefined;
}
