import type { Row } from "./database.ts";
import { jsonReply, textReply, wrongMethod } from "./html.ts";
import { namedProducts, productColumns, runQuery } from "./sql-pages.ts";
import { parseToyGraphql, type QueryField } from "./toy-graphql.ts";
import type { Page, Visit } from "./visit.ts";

/** `POST /graphql` (`{ "query", "variables" }`, or a list of up to 20 of them) and `GET /graphql?query=`. */
export const graphqlPage: Page = async (visit) => {
  if (visit.method === "GET" || visit.method === "HEAD") {
    const query = visit.query.get("query");
    return query === null ? textReply("POST a query\n", { status: 400 }) : jsonReply(await answerQuery(visit, { query }));
  }
  if (visit.method !== "POST") return wrongMethod(["GET", "HEAD", "POST"]);
  let asked: unknown;
  try {
    asked = visit.headers.get("content-type")?.includes("application/graphql") ? { query: visit.text } : JSON.parse(visit.text);
  } catch {
    return jsonReply({ errors: [{ message: "bad JSON" }] }, { status: 400 });
  }
  if (!Array.isArray(asked)) return jsonReply(await answerQuery(visit, asked));
  const answers: unknown[] = [];
  for (const each of asked.slice(0, 20)) answers.push(await answerQuery(visit, each));
  return jsonReply(answers);
};

async function answerQuery(visit: Visit, asked: unknown): Promise<unknown> {
  const { query, variables } = (typeof asked === "object" && asked !== null ? asked : {}) as { query?: unknown; variables?: unknown };
  try {
    const known = typeof variables === "object" && variables !== null ? (variables as Record<string, unknown>) : {};
    const data: Record<string, unknown> = Object.create(null);
    for (const field of parseToyGraphql(String(query ?? ""), known).slice(0, 100)) data[field.alias] = await answerField(visit, field);
    return { data };
  } catch (error) {
    return { errors: [{ message: error instanceof Error ? error.message : "bad query" }] };
  }
}

async function answerField(visit: Visit, { name, parameters, selection }: QueryField): Promise<unknown> {
  switch (name) {
    case "products": {
      const filter = parameters["category"] === undefined ? "" : ` AND category = '${parameters["category"]}'`;
      return pick(
        namedProducts((await runQuery(visit, `SELECT ${productColumns} FROM products WHERE released = 1${filter} LIMIT 50`)).rows),
        selection,
      );
    }
    case "product": {
      const { rows } = await runQuery(visit, `SELECT ${productColumns} FROM products WHERE released = 1 AND id = ${parameters["id"] ?? 0}`);
      const picked = pick(namedProducts(rows), selection);
      return picked.length === 1 ? picked[0] : picked;
    }
    case "users":
      // Nobody is asked who they are: the whole table is one field away.
      return pick(visit.state.database.run("SELECT id, email, name, password_hash AS password, role FROM users"), selection);
    case "reviews":
      return pick(visit.state.database.run("SELECT product_id, name, text FROM reviews ORDER BY id DESC LIMIT 30"), selection);
    case "__schema":
    case "__type":
      return schema;
    default:
      throw new Error(`Cannot query field "${name.slice(0, 40)}". Did you mean "products", "product", "users" or "reviews"?`);
  }
}

/** The asked columns of each row, by position where an injected query brought other names. */
function pick(rows: readonly Row[], selection: readonly QueryField[]): Record<string, unknown>[] {
  return rows.map((row) => {
    if (selection.length === 0) return { ...row };
    const picked: Record<string, unknown> = Object.create(null);
    const own = { price: row["price_cents"], ...row };
    for (const field of selection)
      picked[field.alias] =
        field.name === "__typename" ? "Row" : Object.hasOwn(own, field.name) ? own[field.name as keyof typeof own] : null;
    return picked;
  });
}

const schema = {
  queryType: { name: "Query" },
  types: [
    { name: "Query", kind: "OBJECT", fields: ["products", "product", "users", "reviews"].map((name) => ({ name })) },
    { name: "User", kind: "OBJECT", fields: ["id", "email", "name", "password", "role"].map((name) => ({ name })) },
    { name: "Product", kind: "OBJECT", fields: ["id", "name", "category", "price", "description"].map((name) => ({ name })) },
  ],
};
