import type { AdapterCase } from "./adapter-case.ts";

/** The firewall's own default: a body is peeked at up to here, and goes on for the application. */
const PEEK_BYTES = 65_536;
const CHUNK_BYTES = 60_000;

/** Every value a byte can have, in an order that shows a piece that is missing or doubled. */
function bytes(count: number): string {
  const block = String.fromCharCode(...Array.from({ length: 256 }, (_, index) => (index * 167 + 13) & 255));
  const numbered = Array.from({ length: Math.ceil(count / 264) }, (_, index) => index.toString(16).padStart(8, "0") + block);
  return numbered.join("").slice(0, count);
}

const whole = (name: string, count: number, chunkBytes?: number): AdapterCase => ({
  name: `a body of ${name} arrives byte for byte${chunkBytes === undefined ? "" : ", of undeclared length"}`,
  config: { detectors: ["body-watch"] },
  send: {
    method: "POST",
    url: "/upload",
    headers: { "content-type": "application/octet-stream" },
    body: bytes(count),
    encoding: "latin-1",
    ...(chunkBytes === undefined ? {} : { chunkBytes }),
  },
  expect: { status: 200, reachedApp: true },
});

/**
 * Cases for `extraCases` of `adapterSuite`: bodies of every byte value around the length that is peeked at, and as long as the framework takes, must
 * reach the application as they were sent.
 *
 * @param limitBytes - The framework's own limit, or, where it has none, the longest body to try.
 */
export const wholeBodyCases = (limitBytes: number): readonly AdapterCase[] => [
  whole("one byte", 1),
  whole("one byte less than is peeked at", PEEK_BYTES - 1),
  whole("as many bytes as are peeked at", PEEK_BYTES),
  whole("one byte more than is peeked at", PEEK_BYTES + 1, CHUNK_BYTES),
  whole(`${limitBytes} bytes`, limitBytes),
  whole(`${limitBytes} bytes`, limitBytes, CHUNK_BYTES),
];
