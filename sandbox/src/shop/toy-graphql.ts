/** One field of a query: `name(arguments) { selection }`, with the alias it is answered under. */
export interface QueryField {
  readonly alias: string;
  readonly name: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly selection: readonly QueryField[];
}

const fieldLimit = 500;
const depthLimit = 12;
const tokenLimit = 5000;

/**
 * Reads the GraphQL-like language of the shop: fields, aliases, arguments, nested selections, variables. Fragments and directives are
 * skipped. Throws an `Error` with a short message when the text is no query; bounded for any input.
 */
export function parseToyGraphql(text: string, variables: Readonly<Record<string, unknown>>): readonly QueryField[] {
  const tokens = (text.slice(0, 20_000).match(/"(?:[^"\\]|\\.)*"|\.\.\.|#[^\n]*|[A-Za-z_]\w*|-?\d+(?:\.\d+)?|[^\s,]/g) ?? []).filter(
    (token) => !token.startsWith("#"),
  );
  if (tokens.length > tokenLimit) throw new Error("query too long");
  let at = 0;
  let fields = 0;

  function readSelection(depth: number): QueryField[] {
    if (depth > depthLimit) throw new Error("query too deep");
    const selection: QueryField[] = [];
    at += 1;
    while (at < tokens.length && tokens[at] !== "}") {
      if (tokens[at] === "...") {
        at += tokens[at + 1] === "on" ? 3 : 2;
        if (tokens[at] === "{") selection.push(...readSelection(depth + 1));
        continue;
      }
      selection.push(readField(depth));
    }
    at += 1;
    return selection;
  }

  function readField(depth: number): QueryField {
    fields += 1;
    const first = tokens[at] ?? "";
    if (!/^\w+$/.test(first)) throw new Error(`unexpected ${first.slice(0, 20)}`);
    if (fields > fieldLimit) throw new Error("too many fields");
    const aliased = tokens[at + 1] === ":";
    const name = aliased ? (tokens[at + 2] ?? "") : first;
    at += aliased ? 3 : 1;
    const parameters: Record<string, string> = {};
    if (tokens[at] === "(") readParameters(parameters);
    while (tokens[at] === "@") {
      at += 2;
      if (tokens[at] === "(") readParameters({});
    }
    const selection = tokens[at] === "{" ? readSelection(depth + 1) : [];
    return { alias: first, name, parameters, selection };
  }

  function readParameters(parameters: Record<string, string>): void {
    at += 1;
    while (at < tokens.length && tokens[at] !== ")") {
      const name = tokens[at] ?? "";
      const value = tokens[at + 1] === ":" ? (tokens[at + 2] ?? "") : "";
      if (value === "$") {
        parameters[name] = String(variables[tokens[at + 3] ?? ""] ?? "");
        at += 4;
      } else {
        parameters[name] = value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, "$1") : value;
        at += 3;
      }
    }
    at += 1;
  }

  if (/^(?:query|mutation|subscription)$/.test(tokens[at] ?? "")) {
    at = tokens.indexOf("{");
    if (at < 0) throw new Error("no selection");
  }
  if (tokens[at] !== "{") throw new Error("no selection");
  return readSelection(0);
}
