import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { clickhouseRecords, clickhouseTable } from "../../src/records/clickhouse.ts";
import { otlpRecords } from "../../src/records/otlp.ts";
import { makeRecord } from "./record-of.ts";

interface Got {
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A receiver that answers as it is told, and keeps what it got. */
async function receiver(answer: () => { status: number; text?: string } | "hang") {
  const got: Got[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      got.push({ url: new URL(request.url!, "http://x"), headers: request.headers, body: Buffer.concat(chunks).toString("utf8") });
      const said = answer();
      if (said === "hang") return;
      response.writeHead(said.status, { location: "http://127.0.0.1:1/" }).end(said.text ?? "");
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}`, got };
}

const BLOCKED = makeRecord({
  id: "b1",
  at: 1_767_225_600_123,
  action: "block",
  status: 403,
  rule: "sql/tautology",
  country: "DE",
  asn: 64_512,
  durationMs: 1.5,
});

describe("records to ClickHouse", () => {
  test("travel as its HTTP interface wants them: one JSON row a line, credentials in fields, the statement in the address", async () => {
    const { url, got } = await receiver(() => ({ status: 200 }));
    const records = clickhouseRecords({ url, table: "shop.aiwaf_records", user: "waf", password: "s3cret" });
    records.write(BLOCKED);
    records.write(makeRecord({ id: "a2", url: '/"\n\u2028' }));
    await records.close();
    expect(got).toHaveLength(1);
    const [{ url: sent, headers, body }] = got as [Got];
    expect(sent.searchParams.get("query")).toBe("INSERT INTO shop.aiwaf_records FORMAT JSONEachRow");
    expect(sent.href).not.toContain("s3cret");
    expect(headers).toMatchObject({ "x-clickhouse-user": "waf", "x-clickhouse-key": "s3cret" });
    const lines = body.trimEnd().split("\n");
    expect(lines).toHaveLength(2);
    const [row] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(row).toMatchObject({
      at: "2026-01-01 00:00:00.123",
      id: "b1",
      action: "block",
      status: 403,
      rule: "sql/tautology",
      country: "DE",
      asn: 64_512,
      duration_ms: 1.5,
    });
    expect(JSON.parse(row!["record"] as string)).toEqual(BLOCKED);
    // Every column of the table is sent, and no other.
    const columns = [...clickhouseTable("t", 30).matchAll(/^ {2}([a-z_]+) [A-Z]/gm)].map(([, name]) => name);
    expect(Object.keys(row!).sort()).toEqual(columns.sort());
  });

  test("wait while it is away, overloaded, slow or refuses the password, and are dropped with a count when it refuses them", async () => {
    const answers: ({ status: number } | "hang")[] = [
      { status: 503 },
      { status: 429 },
      { status: 401 },
      { status: 404 },
      "hang",
      { status: 302 },
    ];
    for (const answer of answers) {
      const { url } = await receiver(() => answer);
      const records = clickhouseRecords({ url, timeoutMs: 100 });
      records.write(BLOCKED);
      await records.flush();
      expect(records).toMatchObject({ waiting: 1, lost: { records: 0, failures: 1 } });
      expect(records.problem).toBeDefined();
    }
    const refusing = await receiver(() => ({ status: 400, text: "Code: 27. Cannot parse input" }));
    const records = clickhouseRecords({ url: refusing.url });
    records.write(BLOCKED);
    await records.flush();
    expect(records).toMatchObject({ waiting: 0, lost: { records: 1, failures: 0 } });
    const away = clickhouseRecords({ url: "http://127.0.0.1:1/" });
    away.write(BLOCKED);
    await away.flush();
    expect(away.waiting).toBe(1);
  });

  test("of a clock that says anything do not stop the rest", async () => {
    const { url, got } = await receiver(() => ({ status: 200 }));
    const records = clickhouseRecords({ url });
    for (const at of [Number.NaN, -1, 1e300, Infinity]) records.write(makeRecord({ at }));
    await records.close();
    expect(got[0]?.body.trimEnd().split("\n")).toHaveLength(4);
    expect(records.lost).toEqual({ records: 0, failures: 0 });
  });

  test.each([{ url: "ftp://x" }, { url: "x" }, { url: "http://x", table: "a; DROP TABLE b" }, { url: "http://x", table: "a.b.c" }])(
    "%j is refused",
    (options) => {
      expect(() => clickhouseRecords(options)).toThrow("AIWAF_OPTION_INVALID");
    },
  );
});

describe("records to a collector", () => {
  test("travel as OTLP/HTTP in JSON: 64-bit numbers as text, names of the semantic conventions", async () => {
    const { url, got } = await receiver(() => ({ status: 200, text: "{}" }));
    const records = otlpRecords({ url: `${url}/v1/logs`, service: "shop", headers: { authorization: "Bearer t" } });
    records.write(BLOCKED);
    await records.close();
    const [{ url: sent, headers, body }] = got as [Got];
    expect(sent.pathname).toBe("/v1/logs");
    expect(headers).toMatchObject({ "content-type": "application/json", authorization: "Bearer t" });
    const { resourceLogs } = JSON.parse(body) as {
      resourceLogs: { resource: unknown; scopeLogs: { scope: unknown; logRecords: Record<string, unknown>[] }[] }[];
    };
    expect(resourceLogs[0]?.resource).toEqual({ attributes: [{ key: "service.name", value: { stringValue: "shop" } }] });
    const log = resourceLogs[0]!.scopeLogs[0]!.logRecords[0]!;
    expect(log).toMatchObject({
      timeUnixNano: "1767225600123000000",
      severityNumber: 13,
      severityText: "WARN",
      eventName: "aiwaf.decision",
    });
    expect(JSON.parse((log["body"] as { stringValue: string }).stringValue)).toEqual(BLOCKED);
    expect(log["attributes"]).toEqual(
      expect.arrayContaining([
        { key: "aiwaf.rule", value: { stringValue: "sql/tautology" } },
        { key: "http.response.status_code", value: { intValue: "403" } },
        { key: "client.address", value: { stringValue: "192.0.2.1" } },
        { key: "aiwaf.score", value: { intValue: "0" } },
      ]),
    );
  });

  test("that it takes in part are counted, and those it refuses too; what it may take later waits", async () => {
    const partial = await receiver(() => ({ status: 200, text: '{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"x"}}' }));
    const records = otlpRecords({ url: partial.url });
    for (let index = 0; index < 5; index++) records.write(BLOCKED);
    await records.flush();
    expect(records).toMatchObject({ waiting: 0, lost: { records: 2, failures: 0 } });
    for (const [status, waiting] of [
      [400, 0],
      [413, 0],
      [429, 1],
      [502, 1],
      [504, 1],
    ] as const) {
      const { url } = await receiver(() => ({ status }));
      const one = otlpRecords({ url });
      one.write(BLOCKED);
      await one.flush();
      expect([status, one.waiting, one.lost.records]).toEqual([status, waiting, 1 - waiting]);
    }
    const nonsense = await receiver(() => ({ status: 200, text: "not JSON" }));
    const odd = otlpRecords({ url: nonsense.url });
    odd.write(BLOCKED);
    await odd.flush();
    expect(odd.lost).toEqual({ records: 0, failures: 0 });
  });
});
