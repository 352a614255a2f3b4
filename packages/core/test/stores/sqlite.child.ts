/**
 * Works on a SQLite store as another process would; run by the sqlite tests. `count <file> <times> <key>`: adds and prints every value it was
 * given; `windows <file> <times> <key>`: the same in a window. `ban <file> <name>`: writes bans until it is killed and prints each one that `set`
 * returned from. `open <file>`: opens and writes once. `try <file>`: adds until that failed and then worked again, prints whether it worked each
 * time this changes, and in the end what it counted.
 */
import { writeSync } from "node:fs";
import { sqliteStore } from "../../src/stores/sqlite.ts";
import type { Store } from "../../src/types.ts";
import { PATIENCE_MS } from "../wait.ts";

const [task, path = "", how = "", key = ""] = process.argv.slice(2);
const t0 = 1_700_000_000_000;
const HOUR_MS = 3_600_000;

const tasks: Record<string, () => void> = {
  count() {
    const store = sqliteStore({ path, busyTimeoutMs: 10_000 });
    const values: number[] = [];
    for (let i = 0; i < Number(how); i++) {
      const counter = store.increment(key, 1, HOUR_MS, t0);
      if ("value" in counter) values.push(counter.value);
    }
    console.log(JSON.stringify(values));
  },
  windows() {
    const store = sqliteStore({ path, busyTimeoutMs: 10_000 }) as Required<Store>;
    const values: number[] = [];
    for (let i = 0; i < Number(how); i++) {
      const count = store.incrementWindow(key, 1, HOUR_MS, t0);
      if ("current" in count) values.push(count.current);
    }
    console.log(JSON.stringify(values));
  },
  ban() {
    const store = sqliteStore({ path, busyTimeoutMs: 10_000 });
    for (let i = 0; ; i++) {
      store.increment(`strike:${how}:${i}`, 1, HOUR_MS, t0);
      store.set(`ban:${how}:${i}`, JSON.stringify({ rule: "probes/path", i }), HOUR_MS, t0);
      // Not console.log: what a killed process has not handed to the system yet would count as never acknowledged.
      writeSync(1, `${i}\n`);
    }
  },
  open() {
    const store = sqliteStore({ path });
    store.increment("opened", 1, HOUR_MS, t0);
    console.log("opened");
  },
  try() {
    let counted = 0;
    let hasFailed = false;
    let worksAgain = 0;
    let said = "";
    const say = (text: string): void => {
      if (text !== said) console.log(text);
      said = text;
    };
    try {
      const store = sqliteStore({ path });
      const until = performance.now() + PATIENCE_MS;
      while (worksAgain < 1_000 && performance.now() < until) {
        try {
          store.increment(`k${counted}`, 1, HOUR_MS, t0);
          counted += 1;
          if (hasFailed) worksAgain += 1;
          say("works");
        } catch (error) {
          hasFailed = true;
          say(`fails: ${(error as Error).message}`);
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
        }
      }
    } catch (error) {
      say(`cannot open: ${(error as Error).message}`);
    }
    console.log(JSON.stringify({ counted }));
  },
};

tasks[task ?? ""]!();
