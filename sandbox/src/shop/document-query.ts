/** A record as the document store sees it. */
export type DocumentFields = Readonly<Record<string, unknown>>;

/**
 * True when a record matches a query object the way a document database reads it: plain values are compared, objects with `$` operators are
 * executed. That a login hands visitors' objects to this function is the weakness; the function itself is bounded for any input.
 */
export function matchesDocument(fields: DocumentFields, query: DocumentFields, depth = 0): boolean {
  if (depth > 8) return false;
  return Object.entries(query)
    .slice(0, 50)
    .every(([key, wanted]) => {
      if (key === "$or")
        return isList(wanted) && wanted.slice(0, 20).some((each) => isObject(each) && matchesDocument(fields, each, depth + 1));
      if (key === "$and")
        return isList(wanted) && wanted.slice(0, 20).every((each) => isObject(each) && matchesDocument(fields, each, depth + 1));
      if (key === "$nor")
        return isList(wanted) && !wanted.slice(0, 20).some((each) => isObject(each) && matchesDocument(fields, each, depth + 1));
      if (key === "$where") return isAlwaysTrue(wanted);
      if (key.startsWith("$")) return true;
      return matchesValue(Object.hasOwn(fields, key) ? fields[key] : undefined, wanted, depth);
    });
}

function matchesValue(value: unknown, wanted: unknown, depth: number): boolean {
  if (isList(wanted)) return wanted.slice(0, 50).includes(value);
  if (!isObject(wanted)) return value === wanted;
  if (depth > 8) return false;
  return Object.entries(wanted)
    .slice(0, 20)
    .every(([operator, operand]) => matchesOperator(value, operator, operand, depth));
}

function matchesOperator(value: unknown, operator: string, operand: unknown, depth: number): boolean {
  const text = String(value ?? "");
  switch (operator) {
    case "$eq":
      return value === operand;
    case "$ne":
      return value !== operand;
    case "$gt":
      return compare(value, operand) > 0;
    case "$gte":
      return compare(value, operand) >= 0;
    case "$lt":
      return compare(value, operand) < 0;
    case "$lte":
      return compare(value, operand) <= 0;
    case "$in":
      return isList(operand) && operand.slice(0, 50).includes(value);
    case "$nin":
      return isList(operand) && !operand.slice(0, 50).includes(value);
    case "$exists":
      return (value !== undefined) === Boolean(operand);
    case "$not":
      return !matchesValue(value, operand, depth + 1);
    case "$regex":
      return matchesPattern(text, String(operand));
    case "$options":
      return true;
    default:
      return false;
  }
}

/** Order of a document database: null before numbers before text. */
function compare(left: unknown, right: unknown): number {
  if (typeof left === "string" && (typeof right !== "string" || right === "")) return 1;
  if (typeof left !== typeof right) return typeof left === "string" ? 1 : Number.NaN;
  return (left as string) < (right as string) ? -1 : left === right ? 0 : 1;
}

/** A regular expression without groups and with at most three repeats: what is left cannot run long on the short texts of the shop. */
function matchesPattern(text: string, pattern: string): boolean {
  if (pattern.length > 64 || /[()]/.test(pattern) || (pattern.match(/[*+?{]/g)?.length ?? 0) > 3) return false;
  try {
    return new RegExp(pattern, "i").test(text.slice(0, 100));
  } catch {
    return false;
  }
}

/** What a `$where` script would say, for the few shapes attackers write; nothing is evaluated. */
function isAlwaysTrue(script: unknown): boolean {
  return /^(?:function\s*\(\)\s*\{)?\s*(?:return\s+)?(?:true|1|(['"]?)(\w{1,20})\1\s*===?\s*\1\2\1|!0|this\.\w+\s*!=\s*null)\s*;?\s*\}?$/.test(
    String(script).slice(0, 200).trim(),
  );
}

function isObject(value: unknown): value is DocumentFields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}
