/**
 * Rows of the promises that no test names in its title, each with the reason, or with the tests that hold it without naming it. A row that gets a test
 * needs no change here: its tests are shown instead.
 *
 * @module
 */

export interface Gap {
  /** Ids and ranges, `S2-001..S2-006`, with blanks between. */
  readonly rows: string;
  readonly why: string;
  /** Files or folders of tests that hold the rows. */
  readonly tests?: readonly string[];
}

export const GAPS: readonly Gap[] = [
  {
    rows: "S1-001 S1-006 S1-016..S1-027 S1-029 S1-033..S1-048",
    why: "held by the tests of the forest, whose titles say what is computed",
    tests: [
      "packages/core/test/model/isolation-forest.test.ts",
      "packages/core/test/model/reference.test.ts",
      "packages/core/test/model/forest-state.test.ts",
      "packages/core/test/model/kernel.test.ts",
    ],
  },
  {
    rows: "S1-028 S1-049",
    why: "held by the tests of the forest; a retrain appends trees, each with its own sample size",
    tests: ["packages/core/test/model/isolation-forest.test.ts"],
  },
  {
    rows: "S1-003..S1-005 S1-011..S1-015",
    why: "held by the tests of the native functions",
    tests: ["packages/core/test/model/native-functions.test.ts"],
  },
  {
    rows: "S1-030..S1-032",
    why: "held by the tests of the compat entry; there is nothing to initialise",
    tests: ["packages/core/test/model/compat.test.ts"],
  },
  {
    rows: "S1-002 S1-008 S1-052",
    why: "there is no WebAssembly package: the core runs in browsers and on the edge as it is, and the forest's kernel is WebAssembly where that is faster",
    tests: ["packages/core/test/model/kernel.test.ts"],
  },
  {
    rows: "S1-007 S1-009 S1-010 S1-050..S1-051 S1-053..S1-057",
    why: "packaging: one package for every system, no native build; checked by `npm run check`, published by a workflow",
    tests: ["scripts/checks/packages.ts"],
  },
  { rows: "S1-058 S2-253 S3-112", why: "the file LICENSE of every package" },
  { rows: "S2-002 S2-003", why: "packaging: one package a framework, no extras and no native part" },
  {
    rows: "S2-004 S3-004",
    why: "measured: `npm run bench`, and the memory of a million clients",
    tests: ["packages/core/test/stores/memory-size.test.ts"],
  },
  { rows: "S2-005 S2-059", why: "advice of the guides; a training run is a command that any scheduler starts" },
  {
    rows: "S2-007",
    why: "left out on purpose: no database is shipped, and a start without one says how to get one",
    tests: ["packages/geo/test/geo.test.ts"],
  },
  {
    rows: "S2-008",
    why: "held by the suite that every adapter passes",
    tests: ["packages/conformance/test/adapter-suite.test.ts", "packages/express/test/suite.test.ts"],
  },
  {
    rows: "S2-019 S2-060 S2-061 S3-007 S3-010 S3-107",
    why: "issue 5: models are JSON of our own format, checked before use",
    tests: ["packages/core/test/models", "packages/core/test/train"],
  },
  {
    rows: "S2-179",
    why: "held by the suite that every store passes, on a real Redis",
    tests: ["packages/conformance/test/store-redis.test.ts"],
  },
  {
    rows: "S2-184..S2-195 S2-197 S2-243..S2-245",
    why: "held by the sandbox: its gates fail the run",
    tests: ["sandbox/test/runner-gates.test.ts", "sandbox/test/runner-output.test.ts"],
  },
  { rows: "S2-196 S2-198..S2-201 S2-242", why: "the way to a release: CONTRIBUTING.md, `npm test`, `npm run check`" },
  {
    rows: "S2-206 S2-219 S2-249",
    why: "left out on purpose: there is no native module to be missing, and the kernels of the forest give the same bits",
    tests: ["packages/core/test/model/kernel.test.ts"],
  },
  { rows: "S2-241", why: "the page SECURITY.md" },
  { rows: "S2-252", why: "the README of @aiwaf/geo; no data is shipped" },
  {
    rows: "S3-001..S3-003",
    why: "packaging and guides; wrong configuration ends the start with the option's name",
    tests: ["packages/core/test/options.test.ts"],
  },
  { rows: "S3-006 S3-008", why: "parts of another language; here they are detectors and functions of one core" },
  {
    rows: "S5-006 S5-013 S5-023..S5-027 S5-039",
    why: "issue 5: features, the anomaly detector and training",
    tests: ["packages/core/test/model/features.test.ts"],
  },
  { rows: "S5-012 S5-040 S5-041", why: "packaging and guides" },
  { rows: "S5-033", why: "left out on purpose: content inspection reads languages instead of matching the Core Rule Set's patterns" },
  { rows: "S5-036", why: "held by the tests of @aiwaf/geo and of the blocklist", tests: ["packages/geo/test/geo.test.ts"] },
];
