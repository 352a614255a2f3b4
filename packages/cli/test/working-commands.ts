/**
 * For each command a command line that works, and what its JSON is made of. Whoever adds a command adds a line here: tests walk the tree and look for it.
 *
 * @module
 */
import { join } from "node:path";
import type { Folder } from "./command.ts";

/** What the command lines stand on. */
export interface Ground {
  readonly folder: Folder;
  /** Flags of a store with a ban, a blocked address and a keyword. */
  readonly store: readonly string[];
  /** A model in use, and the normalised requests that it learned from. */
  readonly autoencoder: { readonly model: string; readonly lines: string };
}

/** One command. */
export interface Working {
  readonly args: (ground: Ground) => readonly string[];
  /** Names of the fields of its JSON; of a list, those of its first element in brackets. */
  readonly json: string;
  /** The exit code, where it is not 0. */
  readonly code?: number;
  /** Runs until it is told to end. */
  readonly isServer?: boolean;
}

const RECORD = {
  id: "0mm1z4k2x1q9a8b7c6d5",
  at: Date.UTC(2026, 10, 21, 8),
  method: "GET",
  url: "/.env",
  client: "203.0.113.1",
  action: "block",
  status: 403,
  rule: "probes/dotfile",
  score: 100,
  findings: [],
  country: "XX",
};
const TRAFFIC = { id: "t1", label: "attack", class: "sqli", method: "GET", url: "/a?id=1%27+OR+1=1--+-", headers: {}, body: null };
const MANIFEST = {
  schema_version: "1.0",
  framework: "express",
  routes: { "/shop": { methods: ["GET"], category: "app", protections: {} } },
};

/** For files that must not be there yet. */
let made = 0;

const records = ({ folder }: Ground): string => folder.write("records.jsonl", `${JSON.stringify(RECORD)}\n`);
const traffic = ({ folder }: Ground): string => folder.write("traffic.jsonl", `${JSON.stringify(TRAFFIC)}\n`);
const log = ({ folder }: Ground): string =>
  folder.write(
    "access.log",
    Array.from(
      { length: 60 },
      (_, index) =>
        `203.0.113.${index % 20} - - [21/Nov/2026:08:${String(index).padStart(2, "0")}:00 +0000] "GET /shop/${index} HTTP/1.1" 200 512 "-" "Mozilla/5.0"\n`,
    ).join(""),
  );
const model = ({ folder }: Ground): string => join(folder.path, "model.json");
const state = ({ folder }: Ground): string =>
  folder.write("state.json", JSON.stringify({ format: "aiwaf-state", version: 1, exportedAt: 0, bans: [], lists: { block: [] } }));
const project = ({ folder }: Ground): string => {
  folder.write("project/package.json", '{"name":"shop","version":"1.0.0"}');
  return join(folder.path, "project");
};
const pages = ({ folder }: Ground): string => {
  folder.write("site/package.json", '{"name":"site","dependencies":{"next":"16.0.0"}}');
  folder.write("site/app/page.tsx", "export default function Page() { return null; }");
  return join(folder.path, "site");
};

/** By the words of the command. */
export const WORKING: Readonly<Record<string, Working>> = {
  replay: { args: (ground) => ["replay", traffic(ground)], json: "action class findings id label rule score status us" },
  score: { args: () => ["score", "/"], json: "action anomaly answer failures findings notes request rule rules score status threshold" },
  attack: {
    args: (ground) => ["attack", "--payloads", traffic(ground), "--mutations", "3"],
    json: "bypasses classes mutated no_single_carrier not_blocked payloads target through tried",
  },
  list: { args: ({ store }) => ["list", "all", ...store], json: "bans block country exempt exempt-keyword exempt-path keyword" },
  add: { args: ({ store }) => ["add", "block", "192.0.2.77", ...store], json: "added list replaced" },
  remove: { args: ({ store }) => ["remove", "block", "192.0.2.77", ...store], json: "list removed" },
  reset: {
    args: ({ store, folder }) => ["reset", "--keywords", "--confirm", "--undo-file", join(folder.path, `undo-${++made}.json`), ...store],
    json: "removed undo_file",
  },
  status: { args: ({ store }) => ["status", ...store], json: "bans_by_rule counts newest_ban store" },
  stats: {
    args: (ground) => ["stats", records(ground)],
    json: "bad_lines blocked clients countries duration_ms from hours paths rules statuses to total would_block",
  },
  logs: { args: (ground) => ["logs", records(ground)], json: "action at client country findings id method rule score status url" },
  "geo summary": { args: (ground) => ["geo", "summary", records(ground)], json: "countries total unknown" },
  doctor: { args: (ground) => ["doctor", "--audit", "--folder", project(ground)], json: "audit dependencies" },
  paths: {
    args: ({ folder, store }) => ["paths", "--manifest", folder.write("paths.json", JSON.stringify(MANIFEST)), "-c", "ls", ...store],
    json: "at command entries exempt",
  },
  diagnose: { args: ({ store }) => ["diagnose", ...store], json: "checks problems" },
  why: { args: ({ store }) => ["why", "203.0.113.1", ...store], json: "applied ban blocked client exempt" },
  export: { args: ({ folder, store }) => ["export", "--out", join(folder.path, "export.json"), ...store], json: "bans csv entries out" },
  import: { args: (ground) => ["import", state(ground), ...ground.store], json: "added ended notes refused refusedCount" },
  migrate: {
    args: ({ folder, store }) => ["migrate", folder.write("blacklist.csv", "ip,reason,added_date\n192.0.2.9,scan,2026-01-01\n"), ...store],
    json: "added ended notes refused refusedCount",
  },
  train: {
    args: (ground) => ["train", log(ground), "--model", model(ground), "--force", "--trees", "10"],
    // So little was read that the model is withheld.
    code: 1,
    json: "after before counts files isPromoted problems report seconds version",
  },
  model: {
    args: (ground) => ["model", "list", "--model", model(ground)],
    json: "[behaviourFeatures createdAt features holdout id isCurrent keywords name problem sha256 thresholds trainedOn]",
  },
  "autoencoder synthesize": {
    args: ({ folder }) => ["autoencoder", "synthesize", "--out", join(folder.path, "made.log"), "--n", "20"],
    json: "lines out",
  },
  "autoencoder normalize": {
    args: (ground) => ["autoencoder", "normalize", "--in", log(ground), "--out", join(ground.folder.path, "normalized.txt")],
    json: "out passed problems requests",
  },
  "autoencoder train-tokenizer": {
    args: ({ folder, autoencoder: { lines } }) => [
      "autoencoder",
      "train-tokenizer",
      "--in",
      lines,
      "--tok-dir",
      join(folder.path, "tokens"),
    ],
    json: "merges out requests",
  },
  "autoencoder train": {
    args: ({ folder, autoencoder: { lines } }) => ["autoencoder", "train", "--data", lines, "--out", join(folder.path, "few.json")],
    json: "holdout lines promoted seconds thresholds version withheld withoutModel",
    // Fewer requests than a model needs.
    code: 1,
  },
  "autoencoder evaluate": {
    args: ({ folder, autoencoder: { model, lines } }) => [
      "autoencoder",
      "evaluate",
      "--model",
      model,
      "--data",
      lines,
      "--out",
      join(folder.path, "stats.json"),
    ],
    json: "mean model n out p50 p95 p99 std threshold",
  },
  "autoencoder versions": {
    args: ({ autoencoder: { model } }) => ["autoencoder", "versions", "list", "--model", model],
    json: "[createdAt holdout id isCurrent name problem thresholds trainedOn]",
  },
  "autoencoder serve": {
    args: ({ autoencoder: { model } }) => ["autoencoder", "serve", "--model", model, "--port", "0"],
    json: "listening token",
    isServer: true,
  },
  "autoencoder ingest": {
    args: (ground) => [
      ...["autoencoder", "ingest", "--logfile", log(ground), "--once"],
      ...["--model", ground.autoencoder.model, "--out", join(ground.folder.path, "scores.log")],
    ],
    json: "failed out passed scored",
  },
  init: { args: (ground) => ["init", pages(ground)], json: "changes file fits framework notes routes written" },
  whois: { args: () => ["whois", "203.0.113.7"], json: "asn bots client country dns special target whois" },
  ranges: {
    args: ({ folder }) => ["ranges", "crawler", folder.write("crawler.txt", "66.249.64.0/19\n"), "--folder", join(folder.path, "ranges")],
    json: "added file name ranges removed written",
  },
  proxy: {
    args: () => ["proxy", "--upstream", "http://127.0.0.1:9", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"],
    json: "console firstLogin listening operators token",
    isServer: true,
  },
  completion: { args: () => ["completion", "bash"], json: "script shell" },
};
