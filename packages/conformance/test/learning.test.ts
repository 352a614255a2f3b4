import { anomaly, learnParameters } from "@aiwaf/core/detectors";
import { test } from "vitest";
import { type DetectorRecord, detectorSuite } from "../src/detector-suite.ts";

const get = (url: string, change: Partial<DetectorRecord> = {}): DetectorRecord => ({
  id: url,
  method: "GET",
  url,
  headers: { "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0)" },
  body: null,
  ...change,
});

detectorSuite({
  name: "anomaly",
  test,
  detector: anomaly(),
  skips: [
    { case: "anomaly/request", reason: "needs a trained model; its own tests train one" },
    { case: "anomaly/behaviour", reason: "needs a trained model; its own tests train one" },
  ],
  hits: [
    { ...get(`/p${"/%7e".repeat(60)}?${"a;b=(%27)&".repeat(40)}`), rule: "anomaly/heuristic-request" },
    { ...get("/wp-admin/setup.php", { status: 404, repeat: 30 }), rule: "anomaly/heuristic-behaviour" },
  ],
  passes: [
    get("/"),
    get("/search?q=blue+shoes&page=2&sort=price%3Aasc"),
    get("/api/v1/orders?filter%5Bstatus%5D=open&filter%5Bto%5D=2026-01-31"),
    get("/files/Annual%20Report%20(final).pdf"),
    get("/assets/chunk-1a2b.js", { repeat: 500 }),
    get("/gone", { status: 404, repeat: 10 }),
    get("/wp-admin/index.php", { repeat: 200 }),
  ],
});

detectorSuite({
  name: "parameters",
  test,
  detector: learnParameters().detector,
  skips: [{ case: "parameters/unusual", reason: "is learned from many networks first; its own tests send them" }],
  hits: [],
  passes: [get("/?page=1"), get("/?page=%3Cb%3E"), get(`/?${"a=1&".repeat(500)}`), get("/?a%5B%5D=1&a%5B%5D=2")],
});
