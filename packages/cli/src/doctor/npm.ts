/**
 * What npm knows and does, through the user's own npm: its registry, its proxy and its credentials stay its own business.
 *
 * @module
 */
import { spawn } from "node:child_process";
import semver from "semver";
import { messageOf } from "../usage-error.ts";
import type { Published, Release } from "./plan.ts";
import { readDemands } from "./project.ts";

/** How a program ended. */
export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** Runs a program without a shell, so that no name of a package becomes a command. Never rejects: what cannot be started ends with code 127. */
export function run(program: string, args: readonly string[], folder: string, timeoutMs: number): Promise<Ended> {
  return new Promise((resolve) => {
    // On Windows npm is a script that only a shell starts; its arguments here are names and versions that were checked.
    const child = spawn(program, args, {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: timeoutMs,
      shell: process.platform === "win32",
    });
    const texts = { out: "", err: "" };
    for (const [name, stream] of [["out", child.stdout] as const, ["err", child.stderr] as const]) {
      stream.setEncoding("utf8").on("data", (chunk: string) => {
        if (texts[name].length < MAX_OUTPUT_BYTES) texts[name] += chunk;
      });
    }
    child.on("error", (error) => resolve({ code: 127, out: "", err: messageOf(error) }));
    child.on("close", (code, signal) =>
      resolve({
        code: code ?? 1,
        ...texts,
        ...(signal !== null && { err: `${texts.err}\nended by ${signal} after ${timeoutMs / 1000} s` }),
      }),
    );
  });
}

const VIEW_TIMEOUT_MS = 60_000;

/** The latest version of a package, and what each release above `installed` demands. Never rejects. */
export async function publishedVersions(name: string, installed: string | undefined, folder: string): Promise<Published> {
  const tags = await run("npm", ["view", "--json", name, "dist-tags"], folder, VIEW_TIMEOUT_MS);
  if (tags.code !== 0) return { error: lastLine(tags.err) || `npm view ended with ${tags.code}` };
  try {
    const { latest } = JSON.parse(tags.out) as { latest?: string };
    if (latest === undefined) return { error: "has no latest version" };
    if (installed === undefined || semver.valid(installed) === null || !semver.lt(installed, latest)) return { latest, releases: [] };
    const newer = await run("npm", ["view", "--json", `${name}@>${installed}`, ...FIELDS], folder, VIEW_TIMEOUT_MS);
    if (newer.code !== 0) return { error: lastLine(newer.err) || `npm view ended with ${newer.code}` };
    return { latest, releases: newer.out.trim() === "" ? [] : releasesOf(name, JSON.parse(newer.out)) };
  } catch (error) {
    return { error: messageOf(error) };
  }
}

const FIELDS = ["version", "engines", "peerDependencies", "peerDependenciesMeta", "deprecated"];

/** One release comes as an object, several as a list of them, and with one field as its bare text. */
function releasesOf(name: string, answer: unknown): readonly Release[] {
  const all: readonly unknown[] = Array.isArray(answer) ? answer : [answer];
  return all.flatMap((one) => {
    const manifest = (typeof one === "string" ? { version: one } : one) as Readonly<Record<string, unknown>>;
    const { version, deprecated } = manifest;
    if (typeof version !== "string" || semver.valid(version) === null) return [];
    return [{ ...readDemands(name, manifest), version, isDeprecated: typeof deprecated === "string" && deprecated !== "" }];
  });
}

const lastLine = (text: string): string =>
  text
    .split("\n")
    .map((line) => line.replace(/^npm error\s*/, "").trim())
    .filter((line) => line !== "" && !/^(?:A complete log|npm (?:warn|notice)|code )/.test(line))
    .at(0) ?? "";

/** A known vulnerability of an installed package. */
export interface Vulnerability {
  readonly name: string;
  readonly severity: string;
  readonly title: string;
  readonly fix: boolean;
}

/** What `npm audit` found. Its exit code says how bad it is, not that it failed; only output that cannot be read is a failure. */
export async function audit(folder: string): Promise<readonly Vulnerability[] | { readonly error: string }> {
  const { out, err } = await run("npm", ["audit", "--json"], folder, VIEW_TIMEOUT_MS);
  try {
    const report = JSON.parse(out) as {
      vulnerabilities?: Record<string, Record<string, unknown>>;
      message?: string;
      error?: { summary?: string };
    };
    if (report.vulnerabilities === undefined)
      return { error: report.error?.summary || report.message || lastLine(err) || "npm audit gave no report" };
    return Object.entries(report.vulnerabilities).map(([name, { severity, via, fixAvailable }]) => {
      const first = Array.isArray(via) ? (via as unknown[]).find((one) => typeof one === "object" && one !== null) : undefined;
      const title = (first as { title?: unknown } | undefined)?.title;
      return {
        name,
        severity: String(severity),
        title: typeof title === "string" ? title : "through another package",
        fix: fixAvailable !== false,
      };
    });
  } catch {
    return { error: lastLine(err) || "npm audit gave no report" };
  }
}
