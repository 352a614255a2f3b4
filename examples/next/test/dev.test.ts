/** `next dev`: what its overlay asks the server is no attack, and what anybody else asks is what it is in production. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { BROWSER, freePort } from "example-suite";
import { afterAll, beforeAll, expect, test } from "vitest";

const folder = fileURLToPath(new URL("../", import.meta.url));
let server: ChildProcess;
let origin = "";
let output = "";

beforeAll(async () => {
  const port = await freePort();
  origin = `http://127.0.0.1:${port}`;
  // A group of its own: what `next dev` starts outlives it when it is killed.
  server = spawn(process.execPath, ["node_modules/next/dist/bin/next", "dev", "-p", port, "-H", "127.0.0.1"], {
    cwd: folder,
    env: { ...process.env, NODE_ENV: "development" },
    detached: true,
  });
  for (const stream of [server.stdout, server.stderr]) stream?.on("data", (text: Buffer) => (output += text));
  while (server.exitCode === null) {
    const answer = await fetch(`${origin}/about`, { headers: BROWSER }).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the example did not start: ${output}`);
});

afterAll(async () => {
  if (server?.exitCode !== null || server.pid === undefined) return;
  const ended = once(server, "exit");
  process.kill(-server.pid, "SIGKILL");
  await ended;
});

const post = (path: string, body: object): Promise<Response> =>
  fetch(`${origin}${path}`, {
    method: "POST",
    headers: { ...BROWSER, "content-type": "application/json", origin },
    body: JSON.stringify(body),
  });

/** As the overlay sends them when a component throws. */
const FRAMES = {
  frames: [
    { file: `file://${folder}.next/dev/static/chunks/app.js`, line1: 22, column1: 27, methodName: "Page.useEffect", arguments: [] },
    { file: `about://React/Server/file://${folder}.next/dev/server/app.js?0`, line1: 21, column1: 39, methodName: "Page", arguments: [] },
  ],
  isServer: false,
  isEdgeServer: false,
  isAppDirectory: true,
};

test("the overlay gets the frames of an error", async () => {
  const answer = await post("/__nextjs_original-stack-frames", FRAMES);
  expect(answer.status).toBe(200);
  expect(await answer.json()).toHaveLength(FRAMES.frames.length);
});

test("nothing else passes unseen, whatever it is called", async () => {
  for (const path of [
    "/api/entries",
    "/__nextjs_original-stack-frames/x",
    "/about?/__nextjs_font",
    "/__nextjs_font%2f..%2fabout",
    "/__nextjs_font/../about",
  ])
    expect([path, (await post(path, FRAMES)).status]).toEqual([path, 403]);
  expect((await fetch(`${origin}/?q=x%27%20UNION%20SELECT%20password%20FROM%20users--`, { headers: BROWSER })).status).toBe(403);
});
