/**
 * Bans, exemptions and exceptions: to look at, to make, to end, and to take back.
 *
 * @module
 */
import type { RuleId } from "@aiwaf/core";
import {
  addBans,
  addEntries,
  clientKeyOf,
  type ListEntry,
  type ListedBan,
  listBans,
  listEntries,
  removeEntries,
  spellEntry,
  undoBans,
} from "@aiwaf/core/lists";
import { addException, canBeExcepted, exceptionMatcher, readSwitches, removeException, type StoredException } from "@aiwaf/core/switches";
import type { BanEntry, BanList, ExceptionDraft, ExceptionList, ExemptionEntry, ExemptionList, UndoResult } from "./api.ts";
import { type Call, type Context, note } from "./context.ts";
import { type Input, neededText, numberField, queryNumber, readInput, textField, wordField } from "./input.ts";
import { previewOf } from "./preview.ts";
import { absent, json, wrongInput } from "./problem.ts";
import { type Done, keepDone, undo } from "./undo.ts";

const LISTS = ["exempt", "exempt-path"] as const;
const MINUTE_MS = 60_000;
const YEAR_MS = 31_536_000_000;
const EXEMPTIONS_SHOWN = 2_000;
const NAMES_MAX = 20;
const BANS_READ = 10_000;
const BANS_ENDED_MAX = 500;
const ALSO_MAX = 9;

/** Notes a change, keeps how to undo it, and answers with both. */
export async function changed(
  context: Context,
  call: Call,
  what: Parameters<typeof note>[2],
  text: string,
  done: Done,
  value: object,
  status = 200,
): Promise<Response> {
  const undoId = await keepDone(context.store, done, call.now);
  await note(context, call, what, text);
  return json({ ...value, undo: undoId }, status);
}

export async function getBans({ store }: Context, { query, now }: Call): Promise<Response> {
  const limit = queryNumber(query, "limit", 200, 1, 1_000);
  const bans = await listBans(store, {}, now, BANS_READ);
  return json({ bans: bans.slice(0, limit).map(banEntry), truncated: bans.length > limit } satisfies BanList);
}

const banEntry = ({ client, rule, since, until, strike }: ListedBan): BanEntry => ({ client, rule, since, until, strike });

function clientField(input: Input): string {
  const client = clientKeyOf(neededText(input, "client", 60));
  if (client === undefined) throw wrongInput("client must be an address.");
  return client;
}

export async function postBan(context: Context, call: Call): Promise<Response> {
  const input = await readInput(call.request);
  const client = clientField(input);
  const lengthMs = numberField(input, "lengthMs", MINUTE_MS, YEAR_MS);
  if (lengthMs === undefined) throw wrongInput("lengthMs is missing.");
  const [running] = await listBans(context.store, { client }, call.now);
  const ban: ListedBan = {
    client,
    rule: "blocklist/banned",
    since: call.now,
    until: call.now + lengthMs,
    strike: running?.strike ?? 1,
  };
  await addBans(context.store, [ban], call.now);
  const done: Done = { kind: "ban-made", client };
  return changed(context, call, "bans", `banned ${client} until ${new Date(ban.until).toISOString()}`, done, banEntry(ban), 201);
}

export async function deleteBan(context: Context, call: Call): Promise<Response> {
  const input = await readInput(call.request);
  const rule = textField(input, "rule", 101);
  if (rule !== undefined) return deleteBansOf(context, call, rule);
  const client = clientField(input);
  const bans = await undoBans(context.store, { client }, call.now);
  if (bans.length === 0) throw absent(`${client} is not banned.`);
  return changed(context, call, "bans", `ended the ban of ${client}`, { kind: "bans-ended", bans }, { ended: 1 });
}

/** Ends what a wrong rule did to many. At most so many at once, so that they can all be taken back. */
async function deleteBansOf(context: Context, call: Call, rule: string): Promise<Response> {
  const bans = (await listBans(context.store, { rule: rule as RuleId }, call.now, BANS_READ)).slice(0, BANS_ENDED_MAX);
  if (bans.length === 0) throw absent(`Nobody is banned by ${rule}.`);
  for (const { client } of bans) await undoBans(context.store, { client, rule: rule as RuleId }, call.now);
  return changed(context, call, "bans", `ended ${bans.length} bans by ${rule}`, { kind: "bans-ended", bans }, { ended: bans.length });
}

/** All exemptions, both lists. */
export async function exemptionsOf({ store }: Context, now: number): Promise<readonly ExemptionEntry[]> {
  const lists = await Promise.all(
    LISTS.map(async (list) => (await listEntries(store, list, now, EXEMPTIONS_SHOWN)).map((entry) => exemptionEntry(list, entry))),
  );
  return lists.flat();
}

const exemptionEntry = (list: ExemptionEntry["list"], { name, reason, since, until, from }: ListEntry): ExemptionEntry => ({
  list,
  name,
  reason,
  since,
  ...(until !== undefined && { until }),
  ...(from !== undefined && { from }),
});

export async function getExemptions(context: Context, { now }: Call): Promise<Response> {
  return json({ exemptions: await exemptionsOf(context, now) } satisfies ExemptionList);
}

function exemptionName(input: Input, list: ExemptionEntry["list"]): string {
  const name = spellEntry(list, neededText(input, "name", 500));
  if (name === undefined)
    throw wrongInput(list === "exempt" ? "name must be an address or a CIDR range." : "name must be a path that starts with a slash.");
  return name;
}

export async function postExemption(context: Context, call: Call): Promise<Response> {
  const { store } = context;
  const input = await readInput(call.request);
  const list = wordField(input, "list", LISTS);
  const name = exemptionName(input, list);
  const reason = textField(input, "reason", 200) ?? "";
  const until = untilField(input, call.now);
  const from = namesField(input);
  const before = (await listEntries(store, list, call.now)).find((entry) => entry.name === name);
  await addEntries(store, list, [{ name, reason, ...(until !== undefined && { until }), ...(from !== undefined && { from }) }], call.now);
  const entry: ListEntry = { name, reason, since: call.now, ...(until !== undefined && { until }), ...(from !== undefined && { from }) };
  const done: Done = { kind: "exemption-made", list, name, ...(before !== undefined && { before }) };
  return changed(context, call, "exemptions", `exempted ${name}`, done, exemptionEntry(list, entry), 201);
}

function untilField(input: Input, now: number): number | undefined {
  const until = numberField(input, "until", 1, Number.MAX_SAFE_INTEGER);
  if (until !== undefined && until <= now) throw wrongInput("until lies in the past.");
  return until;
}

function namesField({ from }: Input): readonly string[] | undefined {
  if (from === undefined || from === null) return undefined;
  const isName = (value: unknown): boolean => typeof value === "string" && /^[\w./-]{1,100}$/.test(value);
  if (!Array.isArray(from) || from.length === 0 || from.length > NAMES_MAX || !from.every(isName))
    throw wrongInput(`from must be a list of 1 to ${NAMES_MAX} detectors or rules.`);
  return from as readonly string[];
}

export async function deleteExemption(context: Context, call: Call): Promise<Response> {
  const { store } = context;
  const input = await readInput(call.request);
  const list = wordField(input, "list", LISTS);
  const name = exemptionName(input, list);
  const entry = (await listEntries(store, list, call.now)).find((one) => one.name === name);
  if (entry === undefined) throw absent(`${name} is not exempt.`);
  await removeEntries(store, list, [name], call.now);
  return changed(context, call, "exemptions", `ended the exemption of ${name}`, { kind: "exemption-ended", list, entry }, {});
}

/** The exception that a request describes. @throws ProblemError when it is none. */
function draftOf(input: Input): ExceptionDraft {
  const rule = neededText(input, "rule", 101);
  const path = neededText(input, "path", 500);
  const parameter = textField(input, "parameter", 300);
  if (!canBeExcepted(rule)) throw wrongInput("This rule judges clients, sums or failures: no exception for a path can answer it.");
  const draft: ExceptionDraft = { rule, path, ...(parameter !== undefined && parameter !== "" && { parameter }) };
  if (exceptionMatcher({ ...draft, rule: rule as RuleId }) === undefined)
    throw wrongInput("path must be a pattern such as /search or /users/:id.");
  return draft;
}

/** The exceptions that a request describes together. */
function draftsOf(input: Input): readonly ExceptionDraft[] {
  const { also } = input;
  const first = draftOf(input);
  if (also === undefined || also === null) return [first];
  const isObject = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value);
  if (!Array.isArray(also) || also.length > ALSO_MAX || !also.every(isObject))
    throw wrongInput(`also must be a list of at most ${ALSO_MAX} exceptions.`);
  return [first, ...also.map((one) => draftOf(Object.assign(Object.create(null) as Record<string, unknown>, one)))];
}

export async function previewException(context: Context, call: Call): Promise<Response> {
  const input = await readInput(call.request);
  return json(await previewOf(context, draftsOf(input), textField(input, "decision", 40), call.now));
}

export async function getExceptions({ store }: Context, { now }: Call): Promise<Response> {
  const { exceptions } = await readSwitches(store, now);
  return json({ exceptions } satisfies ExceptionList);
}

export async function postException(context: Context, call: Call): Promise<Response> {
  const input = await readInput(call.request);
  const drafts = draftsOf(input);
  const reason = textField(input, "reason", 200);
  const until = untilField(input, call.now);
  const added: StoredException[] = [];
  const more = { ...(reason !== undefined && { reason }), ...(until !== undefined && { until }) };
  try {
    for (const draft of drafts)
      added.push(await addException(context.store, { ...draft, rule: draft.rule as RuleId, ...more }, call.identity.user.name, call.now));
  } catch (error) {
    // All or none: half of them would let nothing pass, and nobody could undo them together.
    for (const { id } of added) await removeException(context.store, id, call.now);
    throw error;
  }
  const text = drafts.map(({ rule, path, parameter = "" }) => `excepted ${path} ${parameter} from ${rule}`).join(", ");
  const done: Done = { kind: "exceptions-made", ids: added.map(({ id }) => id) };
  return changed(context, call, "exceptions", text, done, added[0] as StoredException, 201);
}

export async function deleteException(context: Context, call: Call): Promise<Response> {
  const exception = await removeException(context.store, call.rest[0] ?? "", call.now);
  if (exception === undefined) throw absent("There is no such exception.");
  return changed(context, call, "exceptions", `ended the exception for ${exception.path}`, { kind: "exception-ended", exception }, {});
}

export async function postUndo(context: Context, call: Call): Promise<Response> {
  const id = neededText(await readInput(call.request), "undo", 40);
  const { text, what } = await undo(context.store, context.models, id, call.identity.user.name, call.now);
  await note(context, call, what, `undid a change: ${text}`);
  return json({ text } satisfies UndoResult);
}
