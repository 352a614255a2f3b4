import { MINUTE, type StoreCase, sorted } from "./store-case.ts";
import { must, mustEqual } from "./suite.ts";

/** Every character of the basic plane except half surrogates, which no JSON text holds, and one beyond it. */
const everyCharacter = (): string => {
  let text = "\u{1f525}";
  for (let code = 0; code <= 0xffff; code++) if (code < 0xd800 || code > 0xdfff) text += String.fromCharCode(code);
  return text;
};

const firstDifference = (actual: string, expected: string): string => {
  let at = 0;
  while (at < expected.length && actual.charCodeAt(at) === expected.charCodeAt(at)) at += 1;
  return `${actual.length} of ${expected.length} units came back, alike up to U+${expected.charCodeAt(at).toString(16).padStart(4, "0")}`;
};

/** Cases about values and their listing. */
export const valueCases: readonly StoreCase[] = [
  {
    id: "value-exact-expiry",
    title: "a value lives until one millisecond before its end and is gone at it",
    async run({ store, t0 }) {
      await store.set("k", '{"a":1}', MINUTE, t0);
      mustEqual(await store.get("k", t0), '{"a":1}', "at once");
      mustEqual(await store.get("k", t0 + MINUTE - 1), '{"a":1}', "one millisecond before");
      mustEqual(await store.get("k", t0 + MINUTE), undefined, "at the end");
      mustEqual(await sorted(store, "", 10, t0 + MINUTE - 1), ["k"], "listed one millisecond before");
      mustEqual(await sorted(store, "", 10, t0 + MINUTE), [], "listed at the end");
    },
  },
  {
    id: "value-lasting",
    title: "a value without a time to live stays",
    async run({ store, t0 }) {
      await store.set("k", "1", undefined, t0);
      const inTenYears = t0 + 10 * 365 * 24 * 60 * MINUTE;
      mustEqual(await store.get("k", inTenYears), "1", "in ten years");
      mustEqual(await sorted(store, "k", 10, inTenYears), ["k"], "listed in ten years");
    },
  },
  {
    id: "value-replaced",
    title: "set replaces both the value and its end, in every direction",
    async run({ store, t0 }) {
      await store.set("k", "1", MINUTE, t0);
      await store.set("k", "2", 3 * MINUTE, t0);
      mustEqual(await store.get("k", t0 + 3 * MINUTE - 1), "2", "a later end");
      await store.set("k", "3", MINUTE, t0);
      mustEqual(await store.get("k", t0 + MINUTE), undefined, "an earlier end");
      await store.set("k", "4", MINUTE, t0);
      await store.set("k", "5", undefined, t0);
      mustEqual(await store.get("k", t0 + 60 * MINUTE), "5", "an end, then none");
      await store.set("k", "6", MINUTE, t0);
      mustEqual(await store.get("k", t0 + MINUTE - 1), "6", "no end, then one");
      mustEqual(await store.get("k", t0 + MINUTE), undefined, "at that end");
    },
  },
  {
    id: "value-characters",
    title: "a value keeps every character, and an empty one is there",
    async run({ store, t0 }) {
      const text = everyCharacter();
      await store.set("k", text, MINUTE, t0);
      const back = await store.get("k", t0);
      must(back === text, `every character comes back; ${firstDifference(back ?? "", text)}`);
      const json = JSON.stringify({ text, lone: "\ud800", number: 1e-7 });
      await store.set("k", json, MINUTE, t0);
      must((await store.get("k", t0)) === json, "every character came back as JSON");
      await store.set("empty", "", MINUTE, t0);
      mustEqual(await store.get("empty", t0), "", "an empty value");
      mustEqual(await sorted(store, "empty", 10, t0), ["empty"], "an empty value, listed");
    },
  },
  {
    id: "value-list-keys",
    title: "entries of stored lists are values like all others, and listed under every beginning of their keys",
    async run({ store, t0 }) {
      const keys = [
        "list:block:192.0.2.0/24",
        "list:block:2001:db8::1",
        "list:exempt:192.0.2.0/24",
        "list:",
        "list:{a}:b",
        "listless",
        "version:list:block:",
      ];
      for (const key of keys) await store.set(key, JSON.stringify(key), undefined, t0);
      await store.set("list:block:ends", "1", MINUTE, t0);
      for (const key of keys) mustEqual(await store.get(key, t0), JSON.stringify(key), key);
      mustEqual(await sorted(store, "", 100, t0), [...keys, "list:block:ends"].sort(), "all");
      for (const prefix of [
        "l",
        "list",
        "list:",
        "list:b",
        "list:block",
        "list:block:",
        "list:block:2001:",
        "list:exempt:",
        "list:{",
        "version:",
        "listx",
      ]) {
        const expected = [...keys, "list:block:ends"].filter((key) => key.startsWith(prefix)).sort();
        mustEqual(await sorted(store, prefix, 100, t0), expected, JSON.stringify(prefix));
      }
      mustEqual((await store.list("list:block:", 2, t0)).length, 2, "a limit");
      mustEqual(await sorted(store, "list:block:e", 100, t0 + MINUTE), [], "at its end");
      mustEqual(await store.get("list:block:ends", t0 + MINUTE), undefined, "read at its end");
      // Long after: a store may have forgotten it, and must not bring it back.
      mustEqual(await sorted(store, "list:block:", 100, t0 + 10 * MINUTE), [keys[0], keys[1]], "long after its end");
      await store.set("list:block:ends", "2", MINUTE, t0 + 10 * MINUTE);
      mustEqual(await store.get("list:block:ends", t0 + 10 * MINUTE), "2", "written anew");
      await store.set("list:block:ends", "3", 0, t0 + 10 * MINUTE);
      mustEqual(await store.get("list:block:ends", t0 + 10 * MINUTE), undefined, "set without a life");
      await store.delete("list:block:192.0.2.0/24");
      mustEqual(await sorted(store, "list:block:", 100, t0 + 10 * MINUTE), ["list:block:2001:db8::1"], "after a deletion");
      mustEqual(await sorted(store, "list:exempt:", 100, t0 + 10 * MINUTE), ["list:exempt:192.0.2.0/24"], "of the other list");
    },
  },
  {
    id: "value-entries",
    title: "entries, where a store has it, gives what list and get give",
    async run({ store, t0 }) {
      for (let index = 0; index < 25; index++) {
        await store.set(`ban:${index}`, `"${index}"`, index % 3 === 0 ? MINUTE : undefined, t0);
        await store.set(`list:a:${index}`, `"${index}"`, index % 3 === 0 ? MINUTE : undefined, t0);
      }
      if (store.entries === undefined) return;
      for (const prefix of ["", "ban:", "ban:1", "list:", "list:a:", "list:a:2", "nobody"]) {
        for (const now of [t0, t0 + MINUTE]) {
          const entries = await store.entries(prefix, 1_000, now);
          mustEqual(entries.map(([key]) => key).sort(), await sorted(store, prefix, 1_000, now), `the keys of ${JSON.stringify(prefix)}`);
          for (const [key, value] of entries) mustEqual(value, await store.get(key, now), key);
        }
      }
      for (const limit of [0, 1, 7]) mustEqual((await store.entries("ban:", limit, t0)).length, limit, `a limit of ${limit}`);
      mustEqual((await store.entries("list:a:", 7, t0)).length, 7, "a limit of a list");
      mustEqual([...(await store.entries("ban:", 5, Number.NaN))], [], "at no time");
    },
  },
  {
    id: "value-large",
    title: "a value of 1 MiB comes back whole",
    async run({ store, t0 }) {
      const text = JSON.stringify("0123456789abcdef".repeat(65_536));
      await store.set("k", text, MINUTE, t0);
      must((await store.get("k", t0)) === text, "the large value came back");
      await store.set("k", "1", MINUTE, t0);
      mustEqual(await store.get("k", t0), "1", "a small one in its place");
    },
  },
  {
    id: "list-prefix",
    title: "list takes its prefix literally, wildcards and case included",
    async run({ store, t0 }) {
      const keys = [
        "ban:1",
        "ban:2",
        "ban*:3",
        "ban%:4",
        "ban_:5",
        "ban[:6",
        "ban?:7",
        "Ban:8",
        "band",
        "ba",
        "xban:9",
        "ban\\:10",
        "_",
        "%",
        "*",
      ];
      for (const key of keys) await store.set(key, "1", MINUTE, t0);
      for (const prefix of [
        "",
        "ba",
        "ban",
        "ban:",
        "ban*",
        "ban*:",
        "ban%",
        "ban_",
        "ban[",
        "ban?",
        "ban\\",
        "B",
        "%",
        "_",
        "*",
        "[",
        "?",
        "^ban",
        "b.n",
        "ban:1",
        "ban:11",
      ]) {
        mustEqual(
          await sorted(store, prefix, 100, t0),
          keys.filter((key) => key.startsWith(prefix)).sort(),
          `keys that start with ${JSON.stringify(prefix)}`,
        );
      }
    },
  },
  {
    id: "list-limit",
    title: "list gives at most its limit, each key once, and none for 0",
    async run({ store, t0 }) {
      for (let i = 0; i < 30; i++) await store.set(`k${i}`, "1", i % 2 === 0 ? MINUTE : undefined, t0);
      for (const [limit, expected] of [
        [0, 0],
        [1, 1],
        [29, 29],
        [30, 30],
        [31, 30],
        [1_000_000, 30],
      ] as const) {
        const keys = await store.list("k", limit, t0);
        mustEqual(keys.length, expected, `how many with a limit of ${limit}`);
        mustEqual(new Set(keys).size, expected, `how many different ones with a limit of ${limit}`);
        must(
          keys.every((key) => /^k\d+$/.test(key)),
          "only keys that were set",
        );
      }
      // Values that ended must not use up the limit.
      mustEqual((await store.list("k", 15, t0 + MINUTE)).length, 15, "how many live ones after half have ended");
    },
  },
];
