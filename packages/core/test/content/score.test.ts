import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { Hits } from "../../src/content/hits.ts";
import {
  CERTAIN,
  evidenceOf,
  explainTokens,
  LEVELS,
  readTable,
  SHARE_MIN,
  SILENT,
  shareOf,
  tableText,
  tokenOpinion,
} from "../../src/content/score.ts";
import { STORED_TABLE } from "../../src/content/score-table.ts";
import { BLOCK_TOKENS, eachBlock, FEATURES, tokenName } from "../../src/content/score-tokens.ts";
import { readBenignTexts } from "../../tools/benign-requests.ts";
import { isKept } from "../../tools/weights/readings.ts";
import { TRAINING } from "../../tools/weights/train.ts";
import { inspect, inspectValue, score } from "./inspect.ts";

const TABLE = readTable(STORED_TABLE);

function opinionOn(text: string): Hits {
  const hits = new Hits();
  tokenOpinion(TABLE)(text.toLowerCase(), hits);
  return hits;
}

function countsOf(text: string): number[] {
  const counts: number[] = [];
  eachBlock(text, ({ count }) => counts.push(count));
  return counts;
}

describe("the share of the score", () => {
  test("stays within 0 and 100 and never falls as evidence grows", () => {
    let before = 0;
    for (let evidence = -50; evidence <= 50; evidence += 0.01) {
      const share = shareOf(evidence);
      expect(share).toBeGreaterThanOrEqual(before);
      expect(share).toBeLessThanOrEqual(100);
      before = share;
    }
    expect([shareOf(-Infinity), shareOf(SILENT), shareOf(CERTAIN), shareOf(Infinity)]).toEqual([0, 0, 100, 100]);
    expect(shareOf((SILENT + CERTAIN) / 2)).toBe(50);
  });

  test("grows with each weight of a block's features", () => {
    const weights = new Int8Array(FEATURES);
    const evidences: number[] = [];
    for (let level = -LEVELS; level <= LEVELS; level++) {
      eachBlock("union select", (block) => {
        weights[block.singles[0]!] = level;
        evidences.push(evidenceOf(block, { weights, step: 0.1, bias: 0 }));
      });
    }
    expect(evidences).toEqual([...evidences].sort((one, other) => one - other));
    expect(new Set(evidences).size).toBe(2 * LEVELS + 1);
  });

  test("is full for what no honest text holds and nothing for prose", () => {
    const attack = opinionOn("1' union select login, secret from users where 1=1 or sleep(5)--");
    expect(attack.list.map(({ rule, score: share }) => [rule, share])).toEqual([["score/tokens", 100]]);
    expect(opinionOn("It's five o'clock; the kettle isn't here yet, is it?").list).toEqual([]);
  });

  test("is not asked where rules have settled the matter", () => {
    const hits = new Hits();
    hits.add("sql/union", 100, 0, 1);
    hits.add("sql/select", 60, 0, 1);
    tokenOpinion(TABLE)("1' union select login, secret from users where 1=1 or sleep(5)--", hits);
    expect(hits.list).toHaveLength(2);
  });

  test("is dropped below its minimum, so that weak opinions push no rule over the threshold", () => {
    const evidenceFor = (share: number): number => SILENT + ((CERTAIN - SILENT) * share) / 100;
    const sharesOf = (share: number): number[] => {
      const hits = new Hits();
      tokenOpinion({ weights: new Int8Array(FEATURES), step: 1, bias: evidenceFor(share) })("a; b", hits);
      return hits.list.map((hit) => hit.score);
    };
    expect([sharesOf(SHARE_MIN - 1), sharesOf(SHARE_MIN)]).toEqual([[], [SHARE_MIN]]);
    expect(SHARE_MIN).toBeGreaterThanOrEqual(40);
  });

  test("underlines tokens of the text, from the first to the last that speak for an attack", () => {
    const text = "thanks a lot, ann. 1' union select login, secret from users where 1=1 or sleep(5)--";
    const [hit] = opinionOn(text).list;
    expect(text.slice(hit!.start, hit!.end)).toContain("union select");
    expect(text.slice(hit!.start, hit!.end)).not.toContain("thanks");
  });
});

describe("the shipped table", () => {
  test("is what the format writes: one character a weight, none beyond the outermost level, feature 0 never used", () => {
    expect(STORED_TABLE.text).toHaveLength(FEATURES);
    expect(tableText(TABLE.weights)).toBe(STORED_TABLE.text);
    expect(TABLE.weights[0]).toBe(0);
    expect(Math.max(...TABLE.weights.map(Math.abs))).toBe(LEVELS);
    expect(STORED_TABLE.step).toBeGreaterThan(0);
  });

  test("is the text whose digest the builder wrote above it", () => {
    const source = readFileSync(fileURLToPath(new URL("../../src/content/score-table.ts", import.meta.url)), "utf8");
    const digest = createHash("sha256").update(STORED_TABLE.text).digest("hex");
    expect(source).toContain(`begins with ${digest.slice(0, 16)}.`);
    expect(source).toContain(`with seed ${TRAINING.seed};`);
  });

  test("reads characters outside of its alphabet, and a text that is too short, as weights of nothing", () => {
    const { weights } = readTable({ text: "A\u0000~I9", step: 1, bias: 0 });
    expect([...weights.slice(0, 6)]).toEqual([0, 0, 0, LEVELS, -LEVELS, 0]);
    expect(weights).toHaveLength(FEATURES);
  });

  test("helps to block none of the honest texts that were kept from its learning", () => {
    const folder = fileURLToPath(new URL("./benign", import.meta.url));
    const kept = readBenignTexts(folder, 120).filter(({ tier, text }) => tier !== "code" && isKept(text, TRAINING.seed));
    const blocked = kept.filter(({ text }) => {
      const findings = inspectValue(text);
      return score(findings) >= 100 && findings.some(({ rule }) => rule === "score/tokens");
    });
    expect(kept.length).toBeGreaterThan(1_000);
    expect(blocked.map(({ file, text }) => `${file}: ${text}`)).toEqual([]);
  });
});

describe("a finding of the score", () => {
  const value = "1' union select login, secret from users where 1=1 or sleep(5)--";

  test("names what weighed most, within 120 characters, and nothing a client made up", () => {
    const note = explainTokens(`${value} hunter2pass correcthorse`, TABLE);
    expect(note.length).toBeLessThanOrEqual(120);
    expect(note).toMatch(/^Together as in attacks: .+ \+\d\.\d/);
    expect(note).not.toMatch(/hunter2|correct|login/);
    expect(note).not.toMatch(/[:,] … \+/);
    expect(explainTokens("alert prompt kelp(1) zz kelp kelp or 1=1", TABLE)).not.toMatch(/[:,] … \+/);
    expect(explainTokens("hunter2pass", TABLE)).not.toContain("hunter2");
    expect(explainTokens(`'${"or ".repeat(400)}`, TABLE).length).toBeLessThanOrEqual(120);
  });

  test("shows marks and words of the vocabulary, and dots for everything else", () => {
    expect(["union select", "''''''", "password", "42", "ünion"].map((text) => tokenName(text, 0))).toEqual([
      "union",
      "'''",
      "…",
      "…",
      "…",
    ]);
  });

  test("is not made for passwords, uploaded files and fields named for statements or pages", () => {
    const type = "application/x-www-form-urlencoded";
    const sent = encodeURIComponent("if 7 = 7 select 8 else drop function kelp --");
    for (const name of ["password", "new_password", "sql", "html"]) {
      const findings = inspect({ type, body: `${name}=${sent}` });
      expect(findings.filter(({ rule }) => rule === "score/tokens")).toEqual([]);
    }
    const file = `--x\r\ncontent-disposition: form-data; name="f"; filename="a.txt"\r\ncontent-type: text/plain\r\n\r\n${value}\r\n--x--\r\n`;
    expect(inspect({ type: "multipart/form-data; boundary=x", body: file }).filter(({ rule }) => rule === "score/tokens")).toEqual([]);
  });
});

describe("the reader of tokens", () => {
  test("hands over blocks of at most 48 tokens, and no rest of three", () => {
    expect(countsOf("a ".repeat(47))).toEqual([BLOCK_TOKENS]);
    expect(countsOf("a ".repeat(99))).toEqual([BLOCK_TOKENS, BLOCK_TOKENS, 4]);
    expect(countsOf("a ".repeat(97))).toEqual([BLOCK_TOKENS, BLOCK_TOKENS]);
    expect(countsOf("")).toEqual([1]);
  });

  test("counts a feature once a block, so that repetition adds no evidence", () => {
    const distinct: number[] = [];
    eachBlock("<script>".repeat(10), (block) => distinct.push(block.distinct));
    eachBlock("<script>".repeat(12), (block) => distinct.push(block.distinct));
    expect(Math.abs(distinct[0]! - distinct[1]!)).toBeLessThanOrEqual(2);
  });

  test("looks at the beginning and at the end of a long text and at nothing else, whatever it is made of", () => {
    for (const unit of ["a", ";a", "'", "\u0000", "\ud800", "union select ", "é"]) {
      const text = unit.repeat(Math.ceil(1_048_576 / unit.length));
      let tokens = 0;
      let farthest = 0;
      eachBlock(text, ({ count, starts }) => {
        tokens += count;
        for (let index = 0; index < count; index++) {
          const start = starts[index]!;
          farthest = Math.max(farthest, Math.min(start, text.length - start));
        }
      });
      expect(tokens).toBeLessThanOrEqual(2_052);
      expect(farthest).toBeLessThanOrEqual(1_024);
    }
  });

  test("finds an attack at either end of a text that honest words make long", () => {
    const attack =
      "1' union select login, secret from users where 1=1 or sleep(5)-- and 2=2 union all select null,null,version() from dual";
    const prose = " the kettle is on the table and the bench is by the door".repeat(200);
    for (const text of [attack, `${attack}${prose}`, `${prose} ${attack}`]) expect(opinionOn(text).total).toBeGreaterThanOrEqual(SHARE_MIN);
  });

  test("reads a number and the word right behind it as two tokens", () => {
    const starts: number[] = [];
    eachBlock("1union", (block) => starts.push(...block.starts.slice(0, block.count)));
    expect(starts).toEqual([0, 1, 6]);
  });
});
