/**
 * `aiwaf doctor`: dependencies that can be upgraded without breaking one another, with a way back.
 *
 * @module
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import semver from "semver";
import { escapeControls } from "../json-text.ts";
import { plainTable, trimLines } from "../plain-table.ts";
import { type Io, painter, printable, wrap } from "../terminal.ts";
import { uninterrupted } from "../uninterrupted.ts";
import { messageOf, UsageError } from "../usage-error.ts";
import { audit, publishedVersions, run, type Vulnerability } from "./npm.ts";
import { type Advice, type Published, planUpgrades } from "./plan.ts";
import { type Project, readProject } from "./project.ts";

/** The flags of `aiwaf doctor`. */
export interface DoctorFlags {
  readonly folder?: string;
  readonly audit?: boolean;
  readonly upgrade?: boolean;
  readonly dryRun?: boolean;
  readonly test?: string;
  readonly rollback?: string;
  readonly json?: boolean;
}

const INSTALL_TIMEOUT_MS = 300_000;
const AT_ONCE = 4;

/** Checks, and with `--upgrade` changes, the project of a folder. @returns the exit code: 0, or 1 when an upgrade failed and was taken back. */
export async function doctor(flags: DoctorFlags, io: Io): Promise<number> {
  const folder = flags.folder ?? ".";
  if (flags.rollback !== undefined) return rollBack(folder, flags.rollback, flags.json === true, io);
  if (flags.dryRun === true && flags.upgrade !== true) throw new UsageError("--dry-run belongs to --upgrade");
  if (flags.test !== undefined && flags.upgrade !== true) throw new UsageError("--test belongs to --upgrade");
  const project = readProject(folder);
  if (flags.upgrade === true && flags.dryRun !== true && project.manager !== "npm")
    throw new UsageError(
      `this project has a ${project.lockFile}: type aiwaf doctor --upgrade --dry-run, and upgrade with ${project.manager}`,
    );
  const advice = planUpgrades(project.dependencies, project.demands, await askAll(project), process.version);
  const found = flags.audit === true ? await audit(folder) : undefined;
  const isJson = flags.json === true;
  if (!isJson) await io.out.write(report(advice, project, found, io));
  const planned = advice.filter(({ target }) => target !== null);
  const isChanging = flags.upgrade === true && flags.dryRun !== true && planned.length > 0;
  const done = isChanging ? await uninterrupted(() => upgrade(planned, project, flags.test, isJson, io)) : undefined;
  if (isJson) await io.out.write(toJson(advice, found, flags.upgrade === true ? (done ?? NOT_DONE) : undefined));
  else if (flags.upgrade === true && done === undefined)
    await io.out.write(planned.length === 0 ? "\nNothing to upgrade.\n" : "\nDry run: nothing was changed.\n");
  return done?.takenBack === true ? 1 : 0;
}

/** How an upgrade went. */
interface Upgrade {
  readonly installed: readonly string[];
  readonly test: "passed" | "failed" | null;
  readonly backup: string | null;
  readonly takenBack: boolean;
}

const NOT_DONE: Upgrade = { installed: [], test: null, backup: null, takenBack: false };

/** The list of dependencies alone, as long as nothing else was asked for. */
function toJson(advice: readonly Advice[], found: Awaited<ReturnType<typeof audit>> | undefined, done: Upgrade | undefined): string {
  const upgraded =
    done === undefined ? undefined : { installed: done.installed, test: done.test, backup: done.backup, taken_back: done.takenBack };
  const value =
    found === undefined && upgraded === undefined
      ? advice
      : { dependencies: advice, ...(found !== undefined && { audit: found }), ...(upgraded !== undefined && { upgrade: upgraded }) };
  return `${escapeControls(JSON.stringify(value, undefined, 2))}\n`;
}

async function askAll({ dependencies, folder }: Project): Promise<ReadonlyMap<string, Published>> {
  const published = new Map<string, Published>();
  const waiting = [...dependencies];
  const ask = async (): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift())
      published.set(one.name, await publishedVersions(one.name, one.installed, folder));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, ask));
  return published;
}

const NAME_COLUMNS = 34;
const SHOWN_VULNERABILITIES = 5;

function report(
  advice: readonly Advice[],
  { manager, lockFile }: Project,
  found: Awaited<ReturnType<typeof audit>> | undefined,
  io: Io,
): string {
  const paint = painter(io.out);
  const count = (status: Advice["status"]): number => advice.filter((one) => one.status === status).length;
  const sections = [
    `${paint("bold", "Summary")}\n  ${advice.length} dependencies: ${count("up_to_date")} up to date, ${count("outdated")} outdated, ${count("ahead")} ahead, ` +
      `${count("not_installed")} not installed, ${count("error")} unknown\n  ${manager}, ${lockFile ?? "no lock file"}, Node ${process.version}`,
  ];
  const listed = (title: string, chosen: readonly Advice[], last: (one: Advice) => string): void => {
    if (chosen.length === 0) return;
    const table = plainTable(["Package", "Installed", "Latest", ""], [NAME_COLUMNS, 12, 12, 18], 4);
    for (const one of chosen) table.push([printable(one.name, NAME_COLUMNS), one.installed ?? "–", one.latest ?? "–", last(one)]);
    sections.push(`${paint("bold", title)}\n${trimLines(table.toString())}`);
  };
  listed(
    "Outdated",
    advice.filter(({ status }) => status === "outdated"),
    upgradeText,
  );
  listed(
    "Not installed",
    advice.filter(({ status }) => status === "not_installed"),
    () => "",
  );
  const held = advice.filter(({ refused }) => refused !== null);
  if (held.length > 0)
    sections.push(
      [
        paint("bold", "Held back, and why"),
        ...held.map(({ name, refused }) => `  ${printable(name, 60)}: ${printable(refused!, 300)}`),
      ].join("\n"),
    );
  const broken = advice.filter(({ error }) => error !== undefined);
  if (broken.length > 0)
    sections.push(
      [paint("bold", "Unknown"), ...broken.map(({ name, error }) => wrap(`  ${printable(name, 60)}: ${printable(error!, 200)}`, 78))].join(
        "\n",
      ),
    );
  const planned = advice.filter(({ target }) => target !== null);
  if (planned.length > 0)
    sections.push(`${paint("bold", "Planned")}\n  npm install ${planned.map(({ name, target }) => `${name}@${target}`).join(" ")}`);
  if (found !== undefined) sections.push(`${paint("bold", "Known vulnerabilities")}\n${vulnerabilities(found)}`);
  return `${sections.join("\n\n")}\n`;
}

function vulnerabilities(found: readonly Vulnerability[] | { readonly error: string }): string {
  if ("error" in found) return `  not checked: ${printable(found.error, 200)}`;
  if (found.length === 0) return "  none";
  const shown = found
    .slice(0, SHOWN_VULNERABILITIES)
    .map(({ name, severity, title, fix }) => `  ${printable(`${severity}  ${name}: ${title}${fix ? "" : " (no fix yet)"}`, 200)}`);
  return [...shown, ...(found.length > SHOWN_VULNERABILITIES ? [`  and ${found.length - SHOWN_VULNERABILITIES} more`] : [])].join("\n");
}

/** A new major version is told apart: it is safe for the other packages, and still may be work for you. */
function upgradeText({ installed, target }: Advice): string {
  if (target === null) return "stays";
  return semver.major(target) > semver.major(installed!) ? `${target} (major)` : `can be ${target}`;
}

const KEPT_FILES = ["package.json", "package-lock.json", "npm-shrinkwrap.json"];

/**
 * Installs what is planned; when it does not install or the test fails, everything is put back as it was and installed again. npm writes package.json
 * and the lock file when all of a call is installed, so one call for all (two, where some are pinned) leaves no half of a plan.
 */
async function upgrade(planned: readonly Advice[], project: Project, test: string | undefined, isJson: boolean, io: Io): Promise<Upgrade> {
  const say = async (text: string): Promise<void> => (isJson ? undefined : io.out.write(text));
  const backup = backUp(project.folder);
  const installed: string[] = [];
  const takeBack = async (err: string, outcome: Upgrade["test"]): Promise<Upgrade> => {
    if (err !== "") await io.err.write(`${printable(err.trim().split("\n").slice(0, 3).join(" "), 400)}\n`);
    await putBack(project.folder, backup, io);
    await say(`Put back from ${backup}; everything is installed as it was.\n`);
    return { installed, test: outcome, backup, takenBack: true };
  };
  await say(
    `\n${painter(io.out)("bold", "Result")}\n  kept      ${KEPT_FILES.filter((name) => existsSync(join(backup, name))).join(" and ")} in ${backup}\n`,
  );
  // An exact pin stays one; a range stays a range.
  const isPinned = ({ constraint }: Advice): boolean => semver.valid(constraint) !== null;
  for (const [group, flags] of [
    [planned.filter((one) => !isPinned(one)), []],
    [planned.filter(isPinned), ["--save-exact"]],
  ] as const) {
    if (group.length === 0) continue;
    const names = group.map(({ name, target }) => `${name}@${target}`);
    const { code, err } = await run("npm", ["install", "--no-audit", "--no-fund", ...flags, ...names], project.folder, INSTALL_TIMEOUT_MS);
    for (const { name, target } of group) await say(`  ${code === 0 ? "installed" : "failed   "} ${printable(`${name} ${target}`, 100)}\n`);
    if (code !== 0) return takeBack(err, null);
    installed.push(...names);
  }
  if (test !== undefined) {
    const [program = "", ...args] = test.split(" ").filter((word) => word !== "");
    const { code } = await run(program, args, project.folder, INSTALL_TIMEOUT_MS);
    await say(`  ${code === 0 ? "passed" : "failed"}    ${printable(test, 100)}\n`);
    if (code !== 0) return takeBack("", "failed");
  }
  // npm's own: what nothing refers to any more goes, and what was damaged on the disk.
  const { code } = await run("npm", ["cache", "verify"], project.folder, INSTALL_TIMEOUT_MS);
  await say(`  ${code === 0 ? "verified " : "unchecked"} npm's cache\nDone. To go back: aiwaf doctor --rollback ${backup}\n`);
  return { installed, test: test === undefined ? null : "passed", backup, takenBack: false };
}

function backUp(folder: string): string {
  const backup = join(folder, `.aiwaf-backup-${new Date().toISOString().replace(/[:.]/g, "-")}`);
  mkdirSync(backup);
  for (const name of KEPT_FILES) if (existsSync(join(folder, name))) copyFileSync(join(folder, name), join(backup, name));
  writeFileSync(join(backup, "README"), "Kept by aiwaf doctor before an upgrade. aiwaf doctor --rollback FOLDER puts it back.\n");
  return backup;
}

async function rollBack(folder: string, backup: string, isJson: boolean, io: Io): Promise<number> {
  await uninterrupted(() => putBack(folder, backup, io));
  await io.out.write(
    isJson ? `${JSON.stringify({ rolled_back: true, backup })}\n` : `Put back from ${backup}; everything is installed as it was.\n`,
  );
  return 0;
}

/** Puts the kept files back, each as a whole, and installs exactly what they say, then checks that it is so. */
async function putBack(folder: string, backup: string, io: Io): Promise<void> {
  if (!existsSync(join(backup, "package.json"))) throw new UsageError(`--rollback ${backup}: holds no package.json of an earlier upgrade`);
  const kept = KEPT_FILES.filter((name) => existsSync(join(backup, name)));
  const hasLock = kept.length > 1;
  try {
    for (const name of kept) {
      const draft = join(folder, `${name}.${process.pid}.part`);
      copyFileSync(join(backup, name), draft);
      renameSync(draft, join(folder, name));
    }
    // One that the upgrade brought.
    if (!hasLock) for (const name of KEPT_FILES.slice(1)) rmSync(join(folder, name), { force: true });
  } catch (error) {
    throw new UsageError(`--rollback ${backup}: ${messageOf(error)}`);
  }
  const { code, err } = await run(
    "npm",
    [...(hasLock ? ["ci"] : ["install", "--no-package-lock"]), "--no-audit", "--no-fund"],
    folder,
    INSTALL_TIMEOUT_MS,
  );
  const isSame = readFileSync(join(folder, "package.json"), "utf8") === readFileSync(join(backup, "package.json"), "utf8");
  if (code === 0 && isSame) return;
  await io.err.write(`${printable(err.trim().split("\n").slice(0, 3).join(" "), 400)}\n`);
  throw new UsageError(`the kept files are back, but npm could not install them; try npm ci in ${folder}`);
}
