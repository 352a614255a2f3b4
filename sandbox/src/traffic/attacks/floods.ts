import { createAuthor, type Draft } from "./draft.ts";

/** More requests from one client than any visitor sends. */
export function floods(): Draft[] {
  const { get, json } = createAuthor("flood");
  return [
    get("/", { scenario: "flood-home", repeat: 3000, concurrency: 40, from: "bare", expectDirect: 200 }),
    get("/products?category=outdoor&sort=price_cents", {
      scenario: "flood-products",
      repeat: 1000,
      concurrency: 30,
      from: "chrome",
      expectDirect: 200,
    }),
    get("/search?q=mug", { scenario: "flood-products", repeat: 1000, concurrency: 30, from: "chrome", expectDirect: 200 }),
    get("/api/products", { scenario: "flood-api", repeat: 1200, concurrency: 40, from: "okhttp", expectDirect: 200 }),
    json(
      "/graphql",
      { query: "{ products { id name price } }" },
      { scenario: "flood-api", repeat: 800, concurrency: 40, from: "okhttp", expectDirect: 200 },
    ),
  ];
}
