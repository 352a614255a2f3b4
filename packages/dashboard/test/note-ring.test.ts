import { createWaf, type HeaderReader } from "@aiwaf/core";
import { recommended } from "@aiwaf/core/recommended";
import { type DecisionNote, type DecisionRecord, recordOf } from "@aiwaf/core/records";
import { describe, expect, it } from "vitest";
import { createEvents } from "../src/index.ts";
import { createNoteRing } from "../src/note-ring.ts";

/** The same for the same seed (Marsaglia's xorshift). */
function createRandom(seed: number): (end: number) => number {
  let state = seed | 1;
  return (end) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Math.floor((state >>> 0) * 2 ** -32 * end);
  };
}

const noteWith = (fields: Partial<DecisionNote> = {}): DecisionNote => ({
  id: "0abc",
  at: 1_700_000_000_000.5,
  method: "GET",
  target: "/a?b=c",
  lines: ["Host", "shop.example", "X-Odd", "a\u0000b\u00ff", "X-Empty", ""],
  client: "192.0.2.7",
  mode: "enforce",
  threshold: 100,
  status: undefined,
  durationMs: undefined,
  route: undefined,
  country: undefined,
  asn: undefined,
  bytes: 0,
  ...fields,
});

describe("a ring of notes", () => {
  it("gives each back as it was, whatever characters it holds, and wipes it", () => {
    const ring = createNoteRing(4, 4_096);
    const given = [
      noteWith(),
      noteWith({ status: 200, durationMs: 1.25, route: "", country: "NL", asn: 4_200_000_000 }),
      noteWith({ lines: [], method: "", target: "", client: "", mode: "report", threshold: 1_000, route: "/a/:id" }),
    ];
    given.forEach((note, index) => {
      expect(ring.place(note)).toBe(true);
      ring.write(index);
    });
    expect(ring.idOf(1)).toBe("0abc");
    expect([ring.clientOf(0), ring.clientOf(2)]).toEqual(["192.0.2.7", ""]);
    given.forEach((note, index) => {
      expect({ ...ring.take(index), bytes: 0 }).toEqual(note);
      expect(ring.idOf(index)).toBe("");
    });
  });

  it("takes nothing that bytes cannot tell, or that is larger than itself", () => {
    const ring = createNoteRing(4, 1_000);
    for (const note of [noteWith({ target: "/\u0100" }), noteWith({ target: "a".repeat(1_000) })]) expect(ring.place(note)).toBe(false);
    expect([ring.start, ring.end]).toEqual([0, 0]);
  });
});

describe("the events of a firewall", () => {
  it("are the newest decisions in their order, whatever their size, and as if each record had been made at once", () => {
    const random = createRandom(5);
    const waf = createWaf(recommended({ rateLimit: { max: 1_000_000 }, loginLimit: false }));
    const made: DecisionRecord[] = [];
    const events = createEvents(waf, { capacity: 60, capacityBytes: 25_000, deployment: "blue" });
    waf.subscribe((decision, outcome) => made.push(recordOf(decision, outcome, { deployment: "blue" })));
    for (let count = 0; count < 600; count++) {
      const lines = ["Host", "shop.example", "User-Agent", "Mozilla/5.0 Firefox/140.0", "Accept", "*/*", "Accept-Language", "en"];
      if (random(3) === 0) lines.push("Cookie", `a=${"b".repeat(random(3_000))}`);
      const headers: HeaderReader = {
        ...(random(5) > 0 && { lines }),
        get: (name) => lines[lines.findIndex((line, index) => index % 2 === 0 && line.toLowerCase() === name) + 1],
        *[Symbol.iterator]() {
          for (let index = 0; index < lines.length; index += 2)
            yield [(lines[index] as string).toLowerCase(), lines[index + 1] as string] as const;
        },
      };
      const target = random(10) === 0 ? "/.env" : `/page-${count}?q=${"x".repeat(random(20) === 0 ? 2_000 : random(60))}`;
      const decision = waf.inspect({ method: "GET", target, headers, peer: `192.0.2.${count % 250}`, httpVersion: "1.1" });
      if ("then" in decision) throw new Error("a memory store does not wait");
      waf.observe(decision, random(9) === 0 ? undefined : { status: 200, durationMs: random(9) / 2 });
      // Whoever looks turns notes into records, here and there in the ring.
      if (random(7) === 0) events.find(made[made.length - 1 - random(3)]?.id ?? "");
      if (random(40) > 0) continue;
      const found = events.history({}, 1_000);
      expect(found.length).toBe(events.counts().kept);
      expect(found.length).toBeGreaterThan(0);
      expect(found).toEqual(made.slice(-found.length).reverse());
    }
    expect(events.counts().kept).toBeGreaterThan(5);
    events.close();
  });
});
