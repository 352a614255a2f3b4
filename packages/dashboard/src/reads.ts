/**
 * What only looks: the session, decisions, and the stream of them.
 *
 * @module
 */
import { clientKeyOf, listBans } from "@aiwaf/core/lists";
import type { BanEntry, DecisionDetail, DecisionPage, DecisionRecord, ExemptionEntry, Session } from "./api.ts";
import type { Identity } from "./auth.ts";
import { exemptionsOf } from "./changes.ts";
import type { Call, Context } from "./context.ts";
import { type EventFilter, matches, readFilter } from "./event-filter.ts";
import type { Sink } from "./events.ts";
import { explanationOf } from "./explain.ts";
import { queryNumber } from "./input.ts";
import { overviewOf } from "./overview.ts";
import { absent, json, ProblemError, SAFE_FIELDS, wrongInput } from "./problem.ts";
import { VERSION } from "./version.ts";

/** The session as a page sees it. */
export async function sessionOf(context: Context, identity: Identity | undefined, now: number): Promise<Session> {
  const { gate } = context;
  return {
    authenticated: identity !== undefined,
    ...(identity !== undefined && { user: identity.user.name }),
    csrf: identity?.csrf ?? "",
    needsPassword: identity?.needsPassword === true,
    needsToken: gate.login !== undefined && !(await gate.login.passwords.isSet(now)),
    kind: gate.kind,
    readOnly: context.isReadOnly || identity?.user.readOnly === true,
    has: { records: context.records !== undefined, models: context.models !== undefined, switches: context.parts() !== undefined },
    // What stands behind a login is not for whoever stands before it.
    deployment: identity === undefined ? "" : context.deployment,
    version: identity === undefined ? "" : VERSION,
    now,
  };
}

export async function getOverview(context: Context, call: Call): Promise<Response> {
  return json(await overviewOf(context, call));
}

function filterOf(query: URLSearchParams): EventFilter {
  const filter = readFilter(query);
  if (typeof filter === "string") throw wrongInput(`${filter}.`);
  return filter;
}

/** Records that are read for one page at most, where the store cannot apply the whole filter itself. */
const SCANNED_MAX = 5_000;
const SCAN_PAGE = 500;

export async function getDecisions({ records, events }: Context, { query }: Call): Promise<Response> {
  const filter = filterOf(query);
  const limit = queryNumber(query, "limit", 50, 1, 200);
  const before = query.get("before") || undefined;
  if (records === undefined) {
    const all = events.history(filter, 100_000);
    const start = before === undefined ? 0 : all.findIndex(({ id }) => id === before) + 1;
    const decisions = all.slice(start, start + limit);
    const last = decisions.at(-1);
    return json({
      decisions,
      source: "memory",
      ...(last !== undefined && all.length > start + limit && { next: last.id }),
    } satisfies DecisionPage);
  }
  const { since, until, client, action, rule } = filter;
  const asked = {
    ...(since !== undefined && { from: since }),
    ...(until !== undefined && { to: until }),
    ...(client !== undefined && { client }),
    ...(action !== undefined && { action: action === "would-block" ? ("allow" as const) : action }),
  };
  // Each page as the store has it is looked through, so that what it cannot filter by is filtered here.
  const isPlain =
    filter.path === undefined &&
    filter.country === undefined &&
    filter.status === undefined &&
    rule === undefined &&
    filter.route === undefined &&
    filter.asn === undefined;
  const page = isPlain && action !== "would-block" && filter.deployment === undefined ? limit : SCAN_PAGE;
  const found: DecisionRecord[] = [];
  /** Records are written in batches: what was decided since the last one stands in this process alone, and comes on top of the first page. */
  const withLatest = (page: readonly DecisionRecord[]): readonly DecisionRecord[] => {
    if (before !== undefined) return page;
    const shown = new Set(page.map(({ id }) => id));
    const since = page[0]?.at ?? 0;
    return [...events.history(filter, limit).filter(({ id, at }) => at >= since && !shown.has(id)), ...page];
  };
  let cursor = before;
  let scanned = 0;
  do {
    const part = records.find(asked, page, cursor);
    for (const record of part.records) {
      scanned++;
      if (!matches(record, filter)) continue;
      found.push(record);
      if (found.length < limit) continue;
      const isLast = record === part.records.at(-1);
      const next = isLast ? part.next : cursorBehind(records, asked, page, cursor, part.records.indexOf(record) + 1);
      return json({ decisions: withLatest(found), source: "records", ...(next !== undefined && { next }) } satisfies DecisionPage);
    }
    cursor = part.next;
    await new Promise(setImmediate);
  } while (cursor !== undefined && scanned < SCANNED_MAX);
  return json({ decisions: withLatest(found), source: "records", ...(cursor !== undefined && { next: cursor }) } satisfies DecisionPage);
}

/** The store names only the ends of its pages: a page that ends at that record is asked for, for its end's name. */
const cursorBehind = (
  records: NonNullable<Context["records"]>,
  asked: Parameters<NonNullable<Context["records"]>["find"]>[0],
  page: number,
  cursor: string | undefined,
  count: number,
): string | undefined => (count >= page ? undefined : records.find(asked, count, cursor).next);

export async function getDecision(context: Context, { rest, now }: Call): Promise<Response> {
  const id = rest[0] ?? "";
  const record = context.events.find(id) ?? findRecord(context, id);
  if (record === undefined) throw absent("This decision is not kept.");
  return json({
    record,
    explanation: await explanationOf(record, await clientState(context, record.client, now)),
  } satisfies DecisionDetail);
}

/** The beginning of an id is its time in base 36: the store is asked for that moment alone. */
function findRecord({ records }: Context, id: string): DecisionRecord | undefined {
  const at = Number.parseInt(id.slice(0, 8), 36);
  if (records === undefined || !(at > 0)) return undefined;
  let before: string | undefined;
  for (let pages = 0; pages < 20; pages++) {
    const page = records.find({ from: at - 1, to: at + 2 }, 500, before);
    const found = page.records.find((record) => record.id === id);
    if (found !== undefined || page.next === undefined) return found;
    before = page.next;
  }
  return undefined;
}

async function clientState(
  context: Context,
  client: string,
  now: number,
): Promise<{ readonly banned: BanEntry | undefined; readonly exempt: readonly ExemptionEntry[] }> {
  const key = client === "" ? undefined : clientKeyOf(client);
  if (key === undefined) return { banned: undefined, exempt: [] };
  const [ban] = await listBans(context.store, { client: key }, now);
  const exempt = (await exemptionsOf(context, now)).filter(({ list, name }) => list === "exempt" && (name === client || name === key));
  return { banned: ban, exempt };
}

/** Bytes that a stream holds for its reader before they count as waiting. */
const STREAM_BYTES = 16 * 1024;

const DONE = (): void => {};

export async function getEvents({ events, gate, recheckMs }: Context, { request, info, query, identity }: Call): Promise<Response> {
  // The beginning of time ends before every decision.
  const filter = query.get("only") === "changes" ? { until: 0 } : filterOf(query);
  const rate = query.get("rate") ? queryNumber(query, "rate", 0, 1, 5_000) : undefined;
  const after = request.headers.get("last-event-id") ?? query.get("after") ?? undefined;
  const encoder = new TextEncoder();
  let stop = (): void => {};
  let isFull = false;
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const sink: Sink = {
          write: (text) => controller.enqueue(encoder.encode(text)),
          waitingBytes: () => Math.max(0, STREAM_BYTES - (controller.desiredSize ?? 0)),
          end() {
            stop();
            controller.close();
          },
          cut() {
            stop();
            controller.error(new Error("too slow"));
          },
        };
        const remove = events.watch(sink, { filter, after, rate });
        isFull = remove === undefined;
        if (remove === undefined) return;
        const timer = setInterval(async () => {
          const isIn = await gate.isStillIn(identity, request, info, Date.now()).catch(() => false);
          if (isIn || stop === DONE) return;
          stop();
          controller.close();
        }, recheckMs).unref();
        stop = () => {
          stop = DONE;
          clearInterval(timer);
          remove();
        };
      },
      cancel: () => stop(),
    },
    { highWaterMark: STREAM_BYTES, size: (chunk) => chunk.byteLength },
  );
  if (isFull) throw new ProblemError(503, "busy", "Too many watch already.", { "retry-after": "5" });
  // Some servers never tell a stream that its reader is gone.
  request.signal.addEventListener("abort", () => stop(), { once: true });
  return new Response(body, {
    // Or nginx would hold events back until its buffer is full.
    headers: { ...SAFE_FIELDS, "content-type": "text/event-stream", "x-accel-buffering": "no" },
  });
}
