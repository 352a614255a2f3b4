import { connect } from "node:net";
import { createProxy } from "@aiwaf/proxy";
import { afterAll, expect, it } from "vitest";
import { pause, serve, waitUntil } from "./servers.ts";

const closing: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

it("ends an upload that trickles, and leaves one alone that is as slow as may be", async () => {
  const upstream = await serve(
    (request, response) =>
      void request
        .on("error", () => {})
        .resume()
        .on("end", () => response.end("whole")),
  );
  const proxy = createProxy({ upstream: `http://127.0.0.1:${upstream.port}`, firewall: false, minBytesPerSecond: 100, drainMs: 0 });
  closing.push(upstream.stop, proxy.close);
  const { port } = await proxy.listen(0);
  const send = (bytes: number): { readonly hasEnded: () => boolean; readonly stop: () => void } => {
    let hasEnded = false;
    const socket = connect(port, "127.0.0.1", () => void socket.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"));
    socket
      .on("error", () => {})
      .once("close", () => {
        hasEnded = true;
      });
    const timer = setInterval(() => socket.write("a".repeat(bytes)), 250);
    return {
      hasEnded: () => hasEnded,
      stop: () => {
        clearInterval(timer);
        socket.destroy();
      },
    };
  };
  // Exchanges that end before it, and begin in their place, must not have it forgotten.
  const early = connect(port, "127.0.0.1", () => void early.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na")).setEncoding(
    "utf8",
  );
  let answer = "";
  early.on("data", (text: string) => {
    answer += text;
  });
  await waitUntil(() => proxy.health().upstreams[0]?.running === 1);
  const trickling = send(1);
  await waitUntil(() => proxy.health().upstreams[0]?.running === 2);
  early.write("b");
  await waitUntil(() => answer.includes("whole"));
  early.destroy();
  const steady = send(100);
  await waitUntil(trickling.hasEnded);
  // So long that it has been measured at least once more.
  await pause(6_000);
  expect(steady.hasEnded()).toBe(false);
  trickling.stop();
  steady.stop();
});
