/**
 * The addresses of the API, in one table: whatever is not in it is not there.
 *
 * @module
 */
import {
  deleteBan,
  deleteException,
  deleteExemption,
  getBans,
  getExceptions,
  getExemptions,
  postBan,
  postException,
  postExemption,
  postUndo,
  previewException,
} from "./changes.ts";
import type { Call, Context } from "./context.ts";
import { getDecision, getDecisions, getEvents, getOverview } from "./reads.ts";
import { getMode, getModelDiff, getModels, getRules, getTraining, promoteModel, putMode, putRule, rollBackModel } from "./switching.ts";

/** Answers one kind of request. */
export type Answer = (context: Context, call: Call) => Promise<Response>;

type Methods = Readonly<Partial<Record<"GET" | "POST" | "PUT" | "DELETE", Answer>>>;

const FIXED: Readonly<Record<string, Methods>> = {
  overview: { GET: getOverview },
  events: { GET: getEvents },
  decisions: { GET: getDecisions },
  "exceptions/preview": { POST: previewException },
  exceptions: { GET: getExceptions, POST: postException },
  bans: { GET: getBans, POST: postBan, DELETE: deleteBan },
  exemptions: { GET: getExemptions, POST: postExemption, DELETE: deleteExemption },
  rules: { GET: getRules },
  mode: { GET: getMode, PUT: putMode },
  models: { GET: getModels },
  "models/diff": { GET: getModelDiff },
  "models/rollback": { POST: rollBackModel },
  training: { GET: getTraining },
  undo: { POST: postUndo },
};

const OPEN: readonly { readonly path: RegExp; readonly methods: Methods }[] = [
  { path: /^decisions\/([0-9a-z]{20})$/, methods: { GET: getDecision } },
  { path: /^exceptions\/([0-9a-f]{16})$/, methods: { DELETE: deleteException } },
  { path: /^rules\/([a-z\d-]{1,40})\/([\w.-]{1,60})$/, methods: { PUT: putRule } },
  { path: /^models\/(\d{8}T\d{6}-[\da-f]{12})\/promote$/, methods: { POST: promoteModel } },
];

/** What changes nothing, although it is sent as if it did. */
const READS = new Set<Answer>([previewException]);

/** An address of the API and what answers it. */
export interface Found {
  readonly methods: Methods;
  readonly rest: readonly string[];
}

/** Finds the address, `api/` left off. */
export function findRoute(path: string): Found | undefined {
  if (Object.hasOwn(FIXED, path)) return { methods: FIXED[path] as Methods, rest: [] };
  for (const { path: pattern, methods } of OPEN) {
    const match = pattern.exec(path);
    if (match !== null) return { methods, rest: match.slice(1) };
  }
  return undefined;
}

/** Whether an answer changes something. */
export const changes = (method: string, answer: Answer): boolean => method !== "GET" && !READS.has(answer);
