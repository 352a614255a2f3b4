/**
 * The part of the console's API that changes something: exceptions, bans, exemptions, rules, the mode and models. Exported by `api.ts`.
 *
 * @module
 */
import type { DecisionRecord } from "@aiwaf/core/records";

/** What an exception leaves out: one rule, at one route, and at one parameter of it. */
export interface ExceptionDraft {
  readonly rule: string;
  /** A path pattern: `/search`, `/users/:id`, `/files/**`. */
  readonly path: string;
  /** As `where` of findings has it: `query:q`. Absent: wherever on that path. */
  readonly parameter?: string;
}

/** An exception that holds. */
export interface ExceptionEntry extends ExceptionDraft {
  readonly id: string;
  readonly reason: string;
  readonly by: string;
  readonly since: number;
  /** Until it is removed, when absent. */
  readonly until?: number;
}

/** What is left out together: where several rules stop a request, it takes one exception for each. */
export interface ExceptionDrafts extends ExceptionDraft {
  /** More exceptions that go with it, at most 9. */
  readonly also?: readonly ExceptionDraft[];
}

/** `POST api/exceptions/preview`: 200 and a `Preview`. Changes nothing. */
export interface PreviewRequest extends ExceptionDrafts {
  /** The decision it is made for. */
  readonly decision?: string;
}

/**
 * What the exception would have done to the last day. Requests that the rule did not stop are decided as before: an exception makes nothing stricter.
 */
export interface Preview {
  readonly from: number;
  readonly to: number;
  /** Requests that the rules stopped in that time, alone or with others, anywhere; and whether there were more than were looked at. */
  readonly replayed: number;
  readonly truncated: boolean;
  /** How many requests would have been decided differently: they were stopped, or would have been, and would pass. */
  readonly wouldPass: number;
  /** Of `wouldPass`: those that were refused only by a ban that would not have been made. */
  readonly afterBan: number;
  /** Requests at this place that other rules, or the same one elsewhere in them, would stop all the same. */
  readonly stillStopped: number;
  /** Of `wouldPass`: those of clients that look hostile, whatever this rule says of them. */
  readonly attacks: number;
  /** Of the clients whose requests would pass, at most 50, the hostile first. */
  readonly clients: readonly PreviewClient[];
  readonly hostileClients: number;
  /** At most 20 of the requests that would pass. */
  readonly samples: readonly DecisionRecord[];
  /** True when the decision it was made for would pass. */
  readonly letsDecisionPass?: boolean;
  readonly warnings: readonly string[];
}

/** A client whose requests would pass. */
export interface PreviewClient {
  readonly client: string;
  readonly wouldPass: number;
  /** Stopped for something else in that time; bans and sums that follow from this rule are nothing else. */
  readonly otherBlocks: number;
  readonly hostile: boolean;
  /** Why it looks hostile: `Also stopped by sql/union, path/traversal.` */
  readonly reasons: readonly string[];
  readonly country?: string;
}

/** `POST api/exceptions`: 201 and `ExceptionEntry & Undoable`, of the first where there are several; undoing takes all of them back. Every process heeds it within a second. `DELETE api/exceptions/:id`: 200 and `Undoable`. */
export interface ExceptionRequest extends ExceptionDrafts {
  /** At most 200 characters. */
  readonly reason?: string;
  readonly until?: number;
}

/** `GET api/exceptions`. */
export interface ExceptionList {
  readonly exceptions: readonly ExceptionEntry[];
}

/** Something that can be taken back: `POST api/undo` with `UndoRequest`, within an hour. */
export interface Undoable {
  readonly undo: string;
}

/** `POST api/undo`: 200 and `UndoResult`; 404 `absent` once it was undone or the hour is over. */
export interface UndoRequest {
  readonly undo: string;
}

/** What taking back came to. */
export interface UndoResult {
  /** What happened, for people: `The ban of 192.0.2.7 holds again.` */
  readonly text: string;
}

/** `GET api/bans?limit`: newest first, at most 1,000. */
export interface BanList {
  readonly bans: readonly BanEntry[];
  /** True when there are more. */
  readonly truncated: boolean;
}

/** A ban that runs. */
export interface BanEntry {
  /** An IPv4 address, or an IPv6 /64. */
  readonly client: string;
  readonly rule: string;
  readonly since: number;
  readonly until: number;
  /** Which ban of this client within a week it is, from 1. */
  readonly strike: number;
}

/**
 * `POST api/bans`: 201 and `BanEntry & Undoable`. `DELETE api/bans` with `{client}` as its body, or with `{rule}` for all bans that a rule made, 500 at once: 200 and
 * `Undoable` with `ended`, how many that were.
 */
export interface BanRequest {
  readonly client: string;
  /** 60,000 to 31,536,000,000. */
  readonly lengthMs: number;
}

/** `GET api/exemptions`. */
export interface ExemptionList {
  readonly exemptions: readonly ExemptionEntry[];
}

/** A client or path that is exempt. */
export interface ExemptionEntry {
  readonly list: "exempt" | "exempt-path";
  /** An address or CIDR range, or a path. */
  readonly name: string;
  readonly reason: string;
  readonly since: number;
  readonly until?: number;
  /** Only these detectors or rules; absent: all that one of its kind can leave out. */
  readonly from?: readonly string[];
}

/** `POST api/exemptions`: 201 and `ExemptionEntry & Undoable`. `DELETE api/exemptions` with `{list, name}`: 200 and `Undoable`. */
export interface ExemptionRequest {
  readonly list: "exempt" | "exempt-path";
  readonly name: string;
  readonly reason?: string;
  readonly until?: number;
  readonly from?: readonly string[];
}

/** `GET api/rules`: every rule of the firewall's detectors. */
export interface RuleList {
  readonly rules: readonly RuleEntry[];
  /** Since when `found` and `blocked` are counted: 24 hours ago, or when this process began. */
  readonly since: number;
}

/** A rule, how it is switched, and what it did lately. */
export interface RuleEntry {
  readonly rule: string;
  readonly detector: string;
  /** A sentence; absent for rules of the application's own. */
  readonly about?: string;
  /** `report`: its findings are shown, score nothing and block nothing. */
  readonly mode: "report" | "enforce";
  /** Who set it, and when; absent while it is as configured. */
  readonly by?: string;
  readonly since?: number;
  /** Suspended by the breaker until then. */
  readonly suspendedUntil?: number;
  /** In the last 24 hours, as far as this process counted. */
  readonly found: number;
  readonly blocked: number;
}

/** `PUT api/rules/:rule`, for example `api/rules/sql/boolean`: 200 and `RuleEntry & Undoable`. Every process heeds it within a second. */
export interface RuleModeRequest {
  readonly mode: "report" | "enforce";
}

/** `GET api/mode`; `PUT api/mode` with `ModeRequest`: 200 and `ModeState & Undoable`. */
export interface ModeState {
  /** What holds now where no path rule names a mode. */
  readonly mode: "report" | "enforce";
  /** What the configuration says; `mode` differs from it once somebody switched here. */
  readonly configured: "report" | "enforce" | "off";
  readonly by?: string;
  readonly since?: number;
  /** For the guide: what reporting has shown so far, in the last 24 hours. */
  readonly guide: {
    readonly requests: number;
    readonly wouldBlock: number;
    readonly clientsWouldBlock: number;
    /** Since when this process watches. */
    readonly watchingSince: number;
  };
}

/** What to switch the mode to. */
export interface ModeRequest {
  readonly mode: "report" | "enforce";
}

/** `GET api/models`: newest first. `POST api/models/:version/promote` and `POST api/models/rollback` (the newest readable one before): 200 and `ModelEntry & Undoable`. */
export interface ModelList {
  readonly models: readonly ModelEntry[];
}

/** A version of the model. */
export interface ModelEntry {
  readonly version: string;
  readonly isCurrent: boolean;
  /** Why it cannot be used; the fields below are then absent. */
  readonly problem?: string;
  readonly id?: string;
  readonly createdAt?: number;
  readonly trainedOn?: { readonly lines: number; readonly from: number; readonly to: number; readonly source: string };
  readonly thresholds?: { readonly request: number; readonly behaviour: number };
  readonly holdout?: { readonly requests: number; readonly flagged: number };
  readonly keywords?: readonly string[];
}

/** `GET api/models/diff?a&b`: what `b` has that `a` has not, in short lines; empty when nothing that counts is different. */
export interface ModelDiff {
  readonly a: string;
  readonly b: string;
  readonly lines: readonly string[];
}

/** `GET api/training`: each training that is known of, newest first. */
export interface TrainingList {
  readonly trainings: readonly TrainingEntry[];
}

/** One training. */
export interface TrainingEntry {
  /** When it ended; of one that only its model tells of, when that was made. */
  readonly at: number;
  /**
   * `used`: its model was put to use. `kept`: saved, and not put to use because that was asked for. `withheld`: saved, and the checks of training spoke against
   * it. `none`: no model. `failed`: it did not end in order. `saved`: only the model tells of it. `unreadable`: only a model that cannot be read does.
   */
  readonly outcome: "used" | "kept" | "withheld" | "none" | "failed" | "saved" | "unreadable";
  readonly reason?: string;
  readonly requests?: number;
  readonly durationMs?: number;
  readonly version?: string;
  readonly trainedOn?: NonNullable<ModelEntry["trainedOn"]>;
  readonly holdout?: NonNullable<ModelEntry["holdout"]>;
}
