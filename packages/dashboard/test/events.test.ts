import { connect, type Socket } from "node:net";
import { createWaf, type Decision, type HeaderReader, type Waf } from "@aiwaf/core";
import { recommended } from "@aiwaf/core/recommended";
import { afterEach, describe, expect, it } from "vitest";
import { createEvents, type EventOptions, type Events, type Sink } from "../src/index.ts";
import { endAll, send, start } from "./console.ts";

const open: Events[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) one.close();
  await endAll();
});

const FIELDS = new Headers({ host: "a", "user-agent": "Mozilla/5.0 Firefox/140.0", accept: "*/*", "accept-language": "en" });
/** As Node's server has them: what is decided is then noted, and becomes a record when somebody reads it. */
const LINED: HeaderReader = {
  lines: [...FIELDS, ["Cookie", "session=hunter2"] as const].flat(),
  get: (name) => FIELDS.get(name),
  [Symbol.iterator]: () => FIELDS[Symbol.iterator](),
};

function setUp(options: EventOptions = {}): { readonly waf: Waf; readonly events: Events; decide(target: string): void } {
  const waf = createWaf(recommended({ rateLimit: { max: 1_000_000 } }));
  const events = createEvents(waf, options);
  open.push(events);
  let decided = 0;
  return {
    waf,
    events,
    decide(target) {
      const decision = waf.inspect({
        method: "GET",
        target,
        headers: decided++ % 2 === 0 ? LINED : FIELDS,
        peer: "192.0.2.9",
        httpVersion: "1.1",
      });
      if ("then" in decision) throw new Error("a memory store does not wait");
      waf.observe(decision, { status: 200, durationMs: 1 });
    },
  };
}

/** A watcher that takes what it is told to take. */
function watcher(): Sink & { text: string; taken: number; isCut: boolean; targets(): string[]; lastId(): string | undefined } {
  const sink = {
    text: "",
    taken: Number.POSITIVE_INFINITY,
    isCut: false,
    write(text: string) {
      sink.text += text;
    },
    waitingBytes: () => Math.max(0, sink.text.length - sink.taken),
    end() {},
    cut() {
      sink.isCut = true;
    },
    targets: () => [...sink.text.matchAll(/"url":"([^"]*)"/g)].map(([, target]) => target as string),
    lastId: () => [...sink.text.matchAll(/^id: (\S+)$/gm)].at(-1)?.[1],
  };
  return sink;
}

/** Waits until it is so; a test that waits in vain is ended by its own limit. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const targets = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, index) => `/page-${from + index}`);

describe("decisions", () => {
  it("of one turn of the event loop are kept at its end, in order, and before somebody reads", async () => {
    const { events, decide } = setUp();
    const held = watcher();
    events.watch(held, { filter: {} });
    for (const target of targets(0, 150)) decide(target);
    expect(events.counts().decisions).toBe(150);
    for (const target of targets(150, 160)) decide(target);
    expect(events.history({}, 3).map(({ url }) => url)).toEqual(["/page-159", "/page-158", "/page-157"]);
    decide("/page-160");
    await until(() => held.targets().length === 161);
    expect(held.targets()).toEqual(targets(0, 161));
  });

  it("that cannot be kept are told to the log, and take no other with them", async () => {
    const errors: string[] = [];
    const waf = createWaf(recommended({ log: { warn() {}, error: (message) => void errors.push(message) } }));
    const events = createEvents(waf);
    open.push(events);
    const decided = (target: string): Decision => waf.inspect({ method: "GET", target, headers: FIELDS, peer: "192.0.2.9" }) as Decision;
    const broken = new Proxy(decided("/broken"), {
      get(made, name) {
        if (name === "failures") throw new Error("no failures here");
        return Reflect.get(made, name);
      },
    });
    for (const decision of [decided("/one"), broken, decided("/two")]) waf.observe(decision, { status: 200, durationMs: 1 });
    await new Promise((resolve) => setImmediate(resolve));
    expect(errors).toEqual(["A decision could not be kept"]);
    expect(events.history({}, 9).map(({ url }) => url)).toEqual(["/two", "/one"]);
  });

  it("heard last are kept when the events are closed", () => {
    const { events, decide } = setUp();
    decide("/last");
    events.close();
    expect(events.history({}, 1).map(({ url }) => url)).toEqual(["/last"]);
  });
});

describe("a watcher", () => {
  it("that goes on where it was loses nothing that is still kept, and repeats nothing, however often it is cut off", async () => {
    const { events, decide } = setUp({ capacity: 500 });
    const seen: string[] = [];
    let after: string | undefined;
    for (let round = 0; round < 10; round++) {
      const sink = watcher();
      const remove = events.watch(sink, { filter: {}, after });
      const from = round * 40;
      for (const target of targets(from, from + 20)) decide(target);
      await until(() => sink.targets().at(-1) === `/page-${from + 19}`);
      remove?.();
      after = sink.lastId();
      seen.push(...sink.targets());
      // These come while nobody watches.
      for (const target of targets(from + 20, from + 40)) decide(target);
    }
    expect(seen).toEqual(targets(0, 380));
  });

  it("is told when some are not kept any more, and about a process that is gone", () => {
    const { events, decide } = setUp({ capacity: 10 });
    decide("/page");
    const first = watcher();
    // Of another process, so that all that is kept is told.
    events.watch(first, { filter: {}, after: "0-1" });
    const epoch = first.lastId()?.split("-")[0];
    for (const target of targets(1, 25)) decide(target);
    for (const [after, isGap] of [
      [`${epoch}-3`, true],
      [`${epoch}-14`, true],
      [`${epoch}-15`, false],
      [`${epoch}-25`, false],
      [`${epoch}x-20`, true],
      ["nonsense", true],
      ["0-99999999999999", true],
    ] as const) {
      const sink = watcher();
      events.watch(sink, { filter: {}, after });
      expect([after, sink.text.includes("event: gap")]).toEqual([after, isGap]);
    }
  });

  it("that keeps up loses nothing, although more comes between two batches than is kept", async () => {
    const { events, decide } = setUp({ capacity: 50 });
    const sink = watcher();
    events.watch(sink, { filter: {} });
    for (const target of targets(0, 1_000)) decide(target);
    await until(() => sink.targets().length === 1_000);
    expect(sink.targets()).toEqual(targets(0, 1_000));
  });

  it("that takes nothing keeps no more than its share, is cut off once it falls out of what is kept, and holds up no other", async () => {
    const { events, decide } = setUp({ capacity: 200, viewerBytes: 20_000 });
    const [slow, fast] = [watcher(), watcher()];
    slow.taken = 0;
    events.watch(slow, { filter: {} });
    events.watch(fast, { filter: {} });
    for (const target of targets(0, 2_000)) decide(target);
    await until(() => slow.isCut && fast.targets().length === 2_000);
    expect(slow.text.length).toBeLessThan(20_000 + 5_000);
    expect(events.counts()).toMatchObject({ viewers: 1, dropped: 1, kept: 200 });
  });

  it("that takes nothing for long is cut off, although nothing more comes", async () => {
    const { events, decide } = setUp({ stuckMs: 100 });
    const sink = watcher();
    sink.taken = 0;
    events.watch(sink, { filter: {} });
    decide("/one");
    await until(() => sink.isCut);
    expect(events.counts()).toMatchObject({ viewers: 0, dropped: 1 });
  });

  it("is told what waits piece by piece, and the server turns to others in between", async () => {
    const { events, decide } = setUp();
    const first = watcher();
    const remove = events.watch(first, { filter: {} });
    decide("/first");
    await until(() => first.lastId() !== undefined);
    remove?.();
    for (const target of targets(0, 400)) decide(target);
    const sink = watcher();
    events.watch(sink, { filter: {}, after: first.lastId() });
    const told: number[] = [0, sink.targets().length];
    for (; told.at(-1) !== 400; told.push(sink.targets().length)) await new Promise((resolve) => setImmediate(resolve));
    expect(Math.max(...told.slice(1).map((count, turn) => count - told[turn]!))).toBeLessThanOrEqual(100);
    expect(sink.targets()).toEqual(targets(0, 400));
  });

  it("gets as many a second as it asked for, and the number of the others", async () => {
    const { events, decide } = setUp();
    const sink = watcher();
    events.watch(sink, { filter: {}, rate: 10 });
    for (const target of targets(0, 3_000)) decide(target);
    const skipped = (): number =>
      [...sink.text.matchAll(/event: skipped\ndata: \{"count":(\d+)\}/g)].reduce((sum, [, count]) => sum + Number(count), 0);
    await until(() => sink.targets().length + skipped() === 3_000);
    expect(sink.targets().length).toBeGreaterThanOrEqual(500);
    expect(sink.targets().length).toBeLessThan(1_000);
  });

  it("is told its kind only, by every filter (S5-010)", async () => {
    const { events, decide } = setUp();
    const sinks = [{ action: "block" }, { rule: "probes" }, { path: "/page-1" }, { client: "192.0.2.10" }, { status: "4" }].map(
      (filter) => {
        const sink = watcher();
        events.watch(sink, { filter: filter as object });
        return sink;
      },
    );
    const all = watcher();
    events.watch(all, { filter: {} });
    for (const target of [...targets(0, 3), "/.env"]) decide(target);
    await until(() => all.targets().length === 4 && (sinks[4] as Sink & { text: string }).text.includes(".env"));
    expect(sinks.map((sink) => sink.targets())).toEqual([["/.env"], ["/.env"], ["/page-1"], [], ["/.env"]]);
  });

  it("is one of so many, and costs nothing once it is gone", () => {
    const { events } = setUp({ maxViewers: 3 });
    const removes = Array.from({ length: 3 }, () => events.watch(watcher(), { filter: {} }));
    expect(events.watch(watcher(), { filter: {} })).toBeUndefined();
    removes[0]?.();
    expect(events.watch(watcher(), { filter: {} })).toBeDefined();
    expect(events.counts().viewers).toBe(3);
  });
});

describe("the ring", () => {
  it("keeps as many decisions and as many bytes as it may", () => {
    const { events, decide } = setUp({ capacity: 100 });
    for (const target of targets(0, 1_000)) decide(target);
    expect(events.counts()).toMatchObject({ decisions: 1_000, kept: 100 });
    expect(events.history({}, 1_000).map(({ url }) => url)).toEqual(targets(900, 1_000).reverse());
    const small = setUp({ capacityBytes: 20_000 });
    for (let count = 0; count < 200; count++) small.decide(`/${"a".repeat(1_000)}`);
    expect(small.events.counts().kept).toBeLessThan(20);
  });

  it("tells nothing as it was sent, whoever asks and however", () => {
    const { events, decide } = setUp({ deployment: "blue" });
    const [all, some] = [watcher(), watcher()];
    events.watch(all, { filter: {} });
    events.watch(some, { filter: { path: "/reset", deployment: "blue", client: "192.0.2.9", status: "2", action: "allow" } });
    for (let count = 0; count < 4; count++) decide(`/reset?token=hunter2-${count}&a=1`);
    const url = "/reset?token=[redacted]&a=1";
    expect(events.history({ path: "/reset?token=hunter2" }, 10)).toEqual([]);
    expect(events.history({ rule: "probes" }, 10)).toEqual([]);
    expect(events.history({ client: "192.0.2.1" }, 10)).toEqual([]);
    const found = events.history({ path: "/reset?token=[redacted]" }, 10);
    expect(found.map((record) => record.url)).toEqual([url, url, url, url]);
    expect(found.map((record) => record.deployment)).toEqual(["blue", "blue", "blue", "blue"]);
    expect(events.find(found[2]!.id)).toBe(found[2]);
    // Whoever comes back is fed at once.
    for (const one of [all, some]) expect(events.watch(one, { filter: {}, after: "0-0" })).toBeDefined();
    expect(all.targets()).toEqual([url, url, url, url]);
    expect(all.text + some.text + JSON.stringify(found)).not.toContain("hunter2");
  });
});

describe("the console's stream", () => {
  it("tells decisions and changes, goes on where it was, and forgets readers that are gone (S5-032)", async () => {
    const console = await start({ auth: () => "eve" });
    console.session = { cookie: "a=b", csrf: "same-origin" };
    const watch = async (headers: Record<string, string> = {}): Promise<{ text(): string; end(): Promise<void> }> => {
      const response = await console.ask("api/events", { headers });
      expect(response.headers.get("content-type")).toBe("text/event-stream");
      const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      void (async () => {
        for (;;) {
          const { done, value } = await reader.read();
          if (done) return;
          text += value;
        }
      })();
      return { text: () => text, end: () => reader.cancel() };
    };
    const first = await watch();
    await until(() => console.dashboard.events.counts().viewers === 1);
    console.decide("/one");
    await until(() => first.text().includes('"url":"/one"'));
    await send(console, "POST", "api/bans", { client: "192.0.2.1", lengthMs: 60_000 });
    await until(() => first.text().includes('event: change\ndata: {"what":"bans","user":"eve"}'));
    await first.end();
    await until(() => console.dashboard.events.counts().viewers === 0);
    console.decide("/two");
    const id = /id: (\S+)/.exec(first.text())?.[1] as string;
    const second = await watch({ "last-event-id": id });
    await until(() => second.text().includes('"url":"/two"'));
    expect(second.text()).not.toMatch(/"\/one"|event: gap/);
    await second.end();
  });

  it("cuts off a reader that takes nothing, and keeps little for it", async () => {
    const console = await start({ auth: () => "eve", events: { capacity: 50, viewerBytes: 64 * 1024 } });
    const socket = await new Promise<Socket>((resolve) => {
      const opened = connect(console.port, "127.0.0.1", () => resolve(opened));
    });
    socket.on("error", () => {}).pause();
    socket.write("GET /aiwaf/api/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const { events } = console.dashboard;
    await until(() => events.counts().viewers === 1);
    for (let count = 0; events.counts().viewers > 0; count++) {
      console.decide(`/${"a".repeat(1_500)}${count}`, { client: `198.51.${(count >> 8) & 255}.${count & 255}` });
      if (count % 50 === 0) await new Promise(setImmediate);
    }
    expect(events.counts().dropped).toBe(1);
    socket.destroy();
  });
});
