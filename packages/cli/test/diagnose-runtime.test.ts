import { describe, expect, test } from "vitest";
import manifest from "../package.json" with { type: "json" };
import { checkRuntime } from "../src/operate/diagnose.ts";

describe("aiwaf diagnose, asked about the runtime", () => {
  test.each(["v22.20.0", "v22.22.3", "v24.11.0", "v24.21.0", "v26.0.0", "v27.1.0"])("finds nothing wrong with Node %s", (version) => {
    expect(checkRuntime(version)).toEqual({ check: "runtime", state: "ok", says: `Node ${version}` });
  });

  test.each(["v20.20.2", "v22.18.0", "v22.19.0", "v23.11.1", "v24.10.0", "v25.2.0"])(
    "names the versions to install in place of Node %s",
    (version) => {
      expect(checkRuntime(version)).toEqual({
        check: "runtime",
        state: "problem",
        says: `Node ${version} is not supported`,
        fix: `install a Node of ${manifest.engines.node}`,
      });
    },
  );
});
