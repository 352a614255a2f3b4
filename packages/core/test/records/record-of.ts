import type { DecisionRecord } from "../../src/record.ts";

/** A record as `recordOf` makes them. */
export const makeRecord = (fields: Partial<DecisionRecord> = {}): DecisionRecord => ({
  id: "0f3a",
  at: Date.UTC(2026, 0, 1),
  label: "unknown",
  class: "live",
  method: "GET",
  url: "/a?b=c",
  headers: { "user-agent": "test" },
  body: null,
  client: "192.0.2.1",
  action: "allow",
  mode: "enforce",
  score: 0,
  findings: [],
  failures: [],
  ...fields,
});
