import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { aiwaf, testFolder } from "./command.ts";

const folder = testFolder();
afterAll(() => folder.remove());

/** Both versions are there for the tests of the adapter. */
const versions = createRequire(new URL("../../express/package.json", import.meta.url));
const VERSIONS = [
  { name: "Express 4", package: "express4", optional: "/docs/:page?", rest: "/files/*" },
  { name: "Express 5", package: "express", optional: "/docs{/:page}", rest: "/files/*path" },
] as const;

/** A folder with an application and a real Express, under the name by which the application asks for it. */
function application(name: string, source: string, which: (typeof VERSIONS)[number]): string {
  const file = folder.write(`${name}/app.mjs`, source);
  folder.write(`${name}/package.json`, '{"type":"module","dependencies":{"express":"*"}}');
  mkdirSync(join(dirname(file), "node_modules"));
  symlinkSync(dirname(versions.resolve(`${which.package}/package.json`)), join(dirname(file), "node_modules/express"), "junction");
  return dirname(file);
}

const source = ({ optional, rest }: (typeof VERSIONS)[number], more = ""): string => `
import express from "express";
const answer = (request, response) => response.end();
const admin = express.Router();
admin.get("/users/:name", answer);
admin.delete("/users/:name", answer);
const api = express.Router({ mergeParams: true });
api.route("/items").get(answer).post(answer);
api.put("/items/:id", answer);
api.use("/admin", answer, admin);
const sub = express();
sub.get("/dash", answer);
const shared = express.Router();
shared.get("/same", answer);
const app = express();
app.use(express.json());
app.get("/", answer);
app.all("/any", answer);
app.get(${JSON.stringify(optional)}, answer);
app.get(${JSON.stringify(rest)}, answer);
app.get(/^\\/x\\d+$/, answer);
app.use("/api/:version", express.json(), [api]);
app.use("/sub", sub);
app.use(["/one", "/two"], shared);
app.use(/^\\/y\\d/, shared);
${more}
export default app;
`;

const read = (place: string): { routes: Record<string, { methods: readonly string[] }>; context_hash: string; framework: string } =>
  JSON.parse(readFileSync(join(place, ".aiwaf/paths.json"), "utf8"));

describe.each(VERSIONS)("aiwaf init of $name", (which) => {
  test("S2-161: finds what is mounted where it is mounted in the application that is named, and --check names a route that was added there", {
    timeout: 120_000,
  }, async () => {
    const place = application(which.package, source(which), which);
    const run = (...args: readonly string[]): ReturnType<typeof aiwaf> =>
      aiwaf(["init", "--app", "app.mjs", ...args], "", {}, { cwd: place });
    const { code, err } = await run();
    const { routes, framework } = read(place);
    expect([code, framework]).toEqual([0, "express"]);
    expect(Object.fromEntries(Object.entries(routes).map(([pattern, { methods }]) => [pattern, [...methods].sort().join()]))).toEqual({
      "/": "GET",
      "/any": "",
      "/api/:version/admin/users/:name": "DELETE,GET",
      "/api/:version/items": "GET,POST",
      "/api/:version/items/:id": "PUT",
      "/docs": "GET",
      "/docs/:page": "GET",
      "/files/**": "GET",
      "/one/same": "GET",
      "/sub/dash": "GET",
      "/two/same": "GET",
    });
    expect(err.match(/is left out: patterns cannot say it/g)).toHaveLength(2);
    expect(await run("--check")).toMatchObject({ code: 0, out: "" });
    folder.write(`${which.package}/app.mjs`, source(which, 'admin.get("/roles", answer);'));
    expect(await run("--check")).toMatchObject({ code: 1, err: expect.stringContaining("\n  + /api/:version/admin/roles\n") });
  });
});
