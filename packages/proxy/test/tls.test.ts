import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { createProxy, type ReverseProxy } from "@aiwaf/proxy";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Running, serve } from "./servers.ts";

const folder = mkdtempSync(join(tmpdir(), "aiwaf-proxy-"));
const file = (name: string): string => join(folder, name);

function hasOpenssl(): boolean {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

function makeCertificate(name: string): void {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", file(`${name}.key`)];
  execFileSync("openssl", ["req", "-x509", "-days", "1", "-subj", `/CN=${name}.example`, ...key, "-out", file(`${name}.pem`)], {
    stdio: "ignore",
  });
}

describe.skipIf(!hasOpenssl())("TLS and HTTP/2 (needs the openssl command)", () => {
  let upstream: Running;
  let proxy: ReverseProxy;
  let port: number;

  beforeAll(async () => {
    for (const name of ["first", "second"]) makeCertificate(name);
    for (const kind of ["pem", "key"]) copyFileSync(file(`first.${kind}`), file(`live.${kind}`));
    upstream = await serve((incoming, response) => {
      const parts: Buffer[] = [];
      incoming.on("data", (part: Buffer) => parts.push(part));
      incoming.on("end", () => {
        response.setHeader("set-cookie", ["a=1", "b=2"]);
        response.end(JSON.stringify([incoming.method, incoming.url, incoming.headers, Buffer.concat(parts).toString()]));
      });
    });
    proxy = createProxy({
      upstream: `http://127.0.0.1:${upstream.port}`,
      tls: { certFile: file("live.pem"), keyFile: file("live.key") },
      drainMs: 100,
    });
    ({ port } = await proxy.listen(0));
  });
  afterAll(async () => {
    await proxy.close();
    await upstream.stop();
    rmSync(folder, { recursive: true });
  });

  const ask = async (
    fields: Record<string, string>,
    body = "",
  ): Promise<{ status: number; headers: Record<string, unknown>; text: string }> => {
    const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
    session.on("error", () => {});
    try {
      const stream = session.request(
        {
          ":authority": "shop.example",
          "user-agent": "Mozilla/5.0 Firefox/140.0",
          accept: "*/*",
          "accept-language": "en",
          "accept-encoding": "gzip",
          ...fields,
        },
        { endStream: body === "" },
      );
      if (body !== "") stream.end(body);
      const headers = await new Promise<Record<string, unknown>>((resolve, reject) =>
        stream.once("response", resolve).once("error", reject),
      );
      let text = "";
      for await (const part of stream) text += part;
      return { status: Number(headers[":status"]), headers, text };
    } finally {
      session.destroy();
    }
  };

  it("passes HTTP/2 on as HTTP/1.1, with a body whose length nobody declared", async () => {
    const { status, headers, text } = await ask({ ":method": "POST", ":path": "/a?b=c", "content-type": "text/plain" }, "hello");
    expect(status).toBe(200);
    const [method, url, fields, body] = JSON.parse(text) as [string, string, Record<string, string>, string];
    expect([method, url, body]).toEqual(["POST", "/a?b=c", "hello"]);
    expect(fields).toMatchObject({ host: "shop.example", "x-forwarded-proto": "https", via: "2.0 aiwaf", "x-forwarded-for": "127.0.0.1" });
    expect(headers["set-cookie"]).toEqual(["a=1", "b=2"]);
  });

  it("blocks over HTTP/2 as over HTTP/1.1, in the address and in the body", async () => {
    expect((await ask({ ":path": "/.env" })).status).toBe(403);
    const form = { ":method": "POST", ":path": "/search", "content-type": "application/x-www-form-urlencoded" };
    expect((await ask(form, "q=1'+UNION+SELECT+password+FROM+users--")).status).toBe(403);
  });

  it("refuses a host that contradicts the authority", async () => {
    const { status } = await ask({ ":path": "/", host: "other.example" }).catch(() => ({ status: 400 }));
    expect(status).toBe(400);
  });

  it("speaks HTTP/1.1 to who asks for it", async () => {
    const status = await new Promise((resolve, reject) => {
      request({ port, host: "127.0.0.1", rejectUnauthorized: false, headers: { accept: "*/*", "user-agent": "Mozilla/5.0 Firefox/140.0" } })
        .once("response", (response) => {
          response.resume();
          resolve(response.statusCode);
        })
        .once("error", reject)
        .end();
    });
    expect(status).toBe(200);
  });

  it("reads a renewed certificate, and keeps the old one when the new one is broken", async () => {
    const nameNow = (): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const socket = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false }, () => {
          resolve(socket.getPeerCertificate().subject.CN);
          socket.destroy();
        }).once("error", reject);
      });
    expect(await nameNow()).toBe("first.example");
    for (const kind of ["pem", "key"]) copyFileSync(file(`second.${kind}`), file(`live.${kind}`));
    proxy.reloadCertificate();
    expect(await nameNow()).toBe("second.example");
    copyFileSync(file("first.key"), file("live.key"));
    proxy.reloadCertificate();
    expect(await nameNow()).toBe("second.example");
  });
});
