import { describe, expect, test } from "vitest";
import { createQuiet } from "../../src/behaviour/quiet.ts";
import type { Decision, WafRequest } from "../../src/types.ts";

const request = (): WafRequest => ({ path: "/" }) as WafRequest;
const allowed = (of: WafRequest): Decision => ({ action: "allow", request: of, findings: [] }) as unknown as Decision;

describe("what is noted as quiet", () => {
  test("holds for each detector that noted it, and for no other", () => {
    const [one, other, third] = [createQuiet(), createQuiet(), createQuiet()];
    const seen = request();
    one.note(seen);
    other.note(seen);
    expect([one, other, third].map((quiet) => quiet.holds(seen))).toEqual([true, true, false]);
    expect([one, other, third].map((quiet) => quiet.wantsOutcome(allowed(seen)))).toEqual([false, false, true]);
  });

  test("ends for all with the next request that one of them notes", () => {
    const [one, other] = [createQuiet(), createQuiet()];
    const [before, after] = [request(), request()];
    one.note(before);
    other.note(before);
    other.note(after);
    expect([one.holds(before), other.holds(before), one.holds(after), other.holds(after)]).toEqual([false, false, false, true]);
    expect(one.wantsOutcome(allowed(after))).toBe(true);
  });

  test("does not keep a block or a finding from being learned from", () => {
    const quiet = createQuiet();
    const seen = request();
    quiet.note(seen);
    expect(quiet.wantsOutcome({ ...allowed(seen), action: "block" } as Decision)).toBe(true);
    expect(quiet.wantsOutcome({ ...allowed(seen), findings: [{ rule: "a/b", score: 1 }] })).toBe(true);
  });
});
