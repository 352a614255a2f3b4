const text = { type: "string" };
const number = { type: "number" };
const nullable = (type: string): object => ({ type: [type, "null"] });
const problem = (description: string): object => ({
  description,
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
});
const json = (description: string, schema: object): object => ({ description, content: { "application/json": { schema } } });
const parameter = (name: string, description: string): object => ({ name, in: "query", required: false, description, schema: text });

const FILTERS = [
  parameter("action", "allow, block or would-block"),
  parameter("rule", "a rule, or a detector for all its rules"),
  parameter("client", "the client's address"),
  parameter("path", "the beginning of the target"),
  parameter("country", "ISO 3166-1 alpha-2"),
  parameter("status", "a status, or its first digit"),
  parameter("since", "ISO 8601 or milliseconds since the epoch"),
  parameter("until", "ISO 8601 or milliseconds since the epoch"),
  parameter("deployment", "the deployment's name"),
];
const STREAMED = [
  ...FILTERS,
  parameter("rate", "decisions a second at most, 1 to 5000; what is left out is counted in skipped events"),
  parameter("after", "the id of the last event, to go on behind it"),
];
const REFUSALS = { 401: problem("The token is missing or wrong."), 403: problem("The request comes from another site.") };
const record = { type: "object", description: "A decision, redacted.", additionalProperties: true };
const score = { $ref: "#/components/schemas/Score" };

/** The control API as an OpenAPI 3.1 document. */
export const OPENAPI = {
  openapi: "3.1.0",
  info: { title: "AIWAF", version: "1", description: "Scores, decisions and health of a firewall." },
  security: [{ token: [] }],
  paths: {
    "/score": {
      post: {
        summary: "Score one text, several, or a stream of lines",
        requestBody: {
          required: true,
          content: {
            "application/json": {
              schema: {
                type: "object",
                required: ["raw"],
                additionalProperties: false,
                properties: { raw: { oneOf: [text, { type: "array", items: text, maxItems: 1_000 }] } },
              },
            },
            "application/x-ndjson": { schema: { type: "string", description: 'One {"raw": …} a line.' } },
          },
        },
        responses: {
          200: {
            description: "A score; a list of them for a list; a line for each line.",
            content: {
              "application/json": { schema: { oneOf: [score, { type: "array", items: score }] } },
              "application/x-ndjson": { schema: { type: "string" } },
            },
          },
          400: problem("The body is no JSON of this shape."),
          408: problem("The body did not come in time."),
          413: problem("The body is too large."),
          415: problem("The body has another content type."),
          503: problem("Too much is waiting, or scoring took too long."),
          ...REFUSALS,
        },
      },
    },
    "/events": {
      get: {
        summary: "Decisions as they are made",
        parameters: [...STREAMED, { name: "Last-Event-ID", in: "header", required: false, schema: text }],
        responses: {
          200: {
            description: "Server-sent events: decision, gap where some are lost, skipped where rate leaves some out.",
            content: { "text/event-stream": { schema: text } },
          },
          400: problem("A filter is wrong."),
          503: problem("Too many listen."),
          ...REFUSALS,
        },
      },
    },
    "/tap": {
      get: {
        summary: "The same over a WebSocket: each event is a line of JSON, a message may hold several",
        parameters: STREAMED,
        responses: { 101: { description: "Lines with event, id and data." }, 400: problem("A filter is wrong."), ...REFUSALS },
      },
    },
    "/history": {
      get: {
        summary: "Decisions that are kept, the newest first",
        parameters: [...FILTERS, parameter("limit", "1 to 1000, default 100")],
        responses: { 200: json("Decisions.", { type: "array", items: record }), 400: problem("A filter is wrong."), ...REFUSALS },
      },
    },
    "/decisions/{id}": {
      get: {
        summary: "One decision",
        parameters: [{ name: "id", in: "path", required: true, schema: text }],
        responses: { 200: json("The decision.", record), 404: problem("It is not kept."), ...REFUSALS },
      },
    },
    "/status": { get: { summary: "How the proxy is doing", responses: { 200: json("Counts and upstreams.", record), ...REFUSALS } } },
    "/healthz": {
      get: {
        security: [],
        summary: "Whether requests are taken",
        responses: { 200: { description: "Yes." }, 503: { description: "No: it is closing." } },
      },
    },
  },
  components: {
    securitySchemes: { token: { type: "http", scheme: "bearer" } },
    schemas: {
      Score: {
        type: "object",
        required: ["score", "rules", "anomaly", "threshold", "action"],
        properties: {
          score: number,
          rules: {
            type: "array",
            items: {
              type: "object",
              properties: {
                rule_id: text,
                description: text,
                severity: number,
                where: nullable("string"),
                match: nullable("string"),
                start: nullable("number"),
                end: nullable("number"),
                rule: text,
              },
            },
          },
          anomaly: { type: "boolean" },
          threshold: number,
          action: { enum: ["allow", "alert", "block"] },
          loss: number,
          loss_threshold: number,
        },
      },
      Problem: { type: "object", properties: { type: text, title: text, status: number, detail: text } },
    },
  },
} as const;
