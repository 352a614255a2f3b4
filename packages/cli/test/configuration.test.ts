import { afterAll, describe, expect, test } from "vitest";
import { loadConfiguration } from "../src/configuration.ts";
import { aiwaf, testFolder } from "./command.ts";

const folder = testFolder();
afterAll(() => folder.remove());

const io = (said: string[]) => {
  const output = { hasColors: false, write: async (text: string) => void said.push(text) };
  return { out: output, err: output, readInput: async () => undefined };
};
const load = async (environment: Record<string, string>, config?: string) => {
  const said: string[] = [];
  const loaded = await loadConfiguration({ ...(config !== undefined && { config }) }, io(said), environment);
  return { options: loaded?.options, name: loaded?.name, said: said.join("") };
};

describe("a configuration", () => {
  const file = folder.write("a.json", '{"threshold":80,"rateLimit":{"max":20,"windowMs":60000},"paths":{"/a":{"threshold":70}}}');

  test("is the flag's file, else the variable's, else none", async () => {
    const other = folder.write("b.json", '{"threshold":90}');
    expect((await load({ AIWAF_CONFIG: other }, file)).options).toMatchObject({ threshold: 80 });
    expect(await load({ AIWAF_CONFIG: other })).toEqual({ options: { threshold: 90 }, name: other, said: `Configuration: ${other}\n` });
    expect(await load({})).toEqual({ options: undefined, name: undefined, said: "" });
  });

  test("is laid over option by option by what the environment says, and it is told", async () => {
    const { options, said } = await load({ AIWAF_RATE_MAX: "5", AIWAF_RATE_WINDOW: "30", HOME: "/" }, file);
    expect(options).toEqual({ threshold: 80, rateLimit: { max: 5, windowMs: 30_000 }, paths: { "/a": { threshold: 70 } } });
    expect(said).toBe("Configuration: AIWAF_RATE_MAX, AIWAF_RATE_WINDOW\n");
    expect((await load({ AIWAF_RATE_MAX: "5" })).options).toMatchObject({ rateLimit: { max: 5 } });
  });

  test("that is a complete firewall is taken as it is: a limit of the environment would make it the recommended set", async () => {
    const complete = folder.write("complete.mjs", "export default { detectors: [], store: { name: 'mine' } };");
    expect(await load({ AIWAF_RATE_MAX: "5" }, complete)).toMatchObject({ options: { detectors: [], store: { name: "mine" } }, said: "" });
  });

  test("is found in the folder where the command runs, TypeScript first, and leaves JSON output alone", async () => {
    folder.write("site/aiwaf.config.json", '{"threshold":1000}');
    folder.write("site/aiwaf.config.ts", "const threshold: number = 40; export const config = { threshold };");
    const at = { cwd: `${folder.path}/site` };
    const { out, err } = await aiwaf(["score", "/wp-login.php", "--json"], "", {}, at);
    expect({ threshold: (JSON.parse(out) as { threshold: number }).threshold, err }).toEqual({ threshold: 40, err: "" });
    expect((await aiwaf(["score", "/"], "", {}, at)).err).toBe("Configuration: aiwaf.config.ts\n");
  });
});
