/**
 * `aiwaf doctor`: dependencies that can be upgraded without breaking one another, with a way back.
 *
 * @module
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import semver from "semver";
import { escapeControls } from "../json-text.ts";
import { plainTable, trimLines } from "../plain-table.ts";
import { type Io, painter, printable, wrap } from "../terminal.ts";
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
  if (flags.rollback !== undefined) return rollBack(folder, flags.rollback, io);
  if (flags.dryRun === true && flags.upgrade !== true) throw new UsageError("--dry-run belongs to --upgrade");
  if (flags.test !== undefined && flags.upgrade !== true) throw new UsageError("--test belongs to --upgrade");
  const project = readProject(folder);
  if (flags.upgrade === true && flags.dryRun !== true && project.manager !== "npm")
    throw new UsageError(
      `this project has a ${project.lockFile}: type aiwaf doctor --upgrade --dry-run, and upgrade with ${project.manager}`,
    );
  const advice = planUpgrades(project.dependencies, project.demands, await askAll(project), process.version);
  const found = flags.audit === true ? await audit(folder) : undefined;
  if (flags.json === true && flags.upgrade !== true) {
    await io.out.write(
      `${escapeControls(JSON.stringify(found === undefined ? advice : { dependencies: advice, audit: found }, undefined, 2))}\n`,
    );
    return 0;
  }
  await io.out.write(report(advice, project, found, io));
  if (flags.upgrade !== true) return 0;
  const planned = advice.filter(({ target }) => target !== null);
  if (flags.dryRun === true || planned.length === 0) {
    await io.out.write(planned.length === 0 ? "\nNothing to upgrade.\n" : "\nDry run: nothing was changed.\n");
    return 0;
  }
  return upgrade(planned, project, flags.test, io);
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

/** Installs each planned version; when one does not install or the test fails, everything is put back as it was and installed again. */
async function upgrade(planned: readonly Advice[], project: Project, test: string | undefined, io: Io): Promise<number> {
  const backup = backUp(project.folder);
  await io.out.write(`\nKept ${KEPT_FILES.filter((name) => existsSync(join(backup, name))).join(" and ")} in ${backup}\n`);
  for (const { name, target, constraint } of planned) {
    // An exact pin stays one; a range stays a range.
    const flags = semver.valid(constraint) === null ? [] : ["--save-exact"];
    const { code, err } = await run(
      "npm",
      ["install", "--no-audit", "--no-fund", ...flags, `${name}@${target}`],
      project.folder,
      INSTALL_TIMEOUT_MS,
    );
    await io.out.write(`  ${code === 0 ? "installed" : "failed   "} ${printable(`${name} ${target}`, 100)}\n`);
    if (code === 0) continue;
    await io.err.write(`${printable(err.trim().split("\n").slice(0, 3).join(" "), 400)}\n`);
    return takeBack(project.folder, backup, io);
  }
  if (test !== undefined) {
    const [program = "", ...args] = test.split(" ").filter((word) => word !== "");
    const { code } = await run(program, args, project.folder, INSTALL_TIMEOUT_MS);
    await io.out.write(`  ${code === 0 ? "passed" : "failed"}    ${printable(test, 100)}\n`);
    if (code !== 0) return takeBack(project.folder, backup, io);
  }
  await io.out.write(`Done. To go back: aiwaf doctor --rollback ${backup}\n`);
  return 0;
}

async function takeBack(folder: string, backup: string, io: Io): Promise<number> {
  await rollBack(folder, backup, io);
  return 1;
}

function backUp(folder: string): string {
  const backup = join(folder, `.aiwaf-backup-${new Date().toISOString().replace(/[:.]/g, "-")}`);
  mkdirSync(backup);
  for (const name of KEPT_FILES) if (existsSync(join(folder, name))) copyFileSync(join(folder, name), join(backup, name));
  writeFileSync(join(backup, "README"), "Kept by aiwaf doctor before an upgrade. aiwaf doctor --rollback FOLDER puts it back.\n");
  return backup;
}

/** Puts the kept files back and installs exactly what they say, then checks that it is so. */
async function rollBack(folder: string, backup: string, io: Io): Promise<number> {
  if (!existsSync(join(backup, "package.json"))) throw new UsageError(`--rollback ${backup}: holds no package.json of an earlier upgrade`);
  try {
    for (const name of KEPT_FILES) if (existsSync(join(backup, name))) copyFileSync(join(backup, name), join(folder, name));
  } catch (error) {
    throw new UsageError(`--rollback ${backup}: ${messageOf(error)}`);
  }
  const hasLock = KEPT_FILES.slice(1).some((name) => existsSync(join(backup, name)));
  const { code, err } = await run("npm", [hasLock ? "ci" : "install", "--no-audit", "--no-fund"], folder, INSTALL_TIMEOUT_MS);
  const isSame = readFileSync(join(folder, "package.json"), "utf8") === readFileSync(join(backup, "package.json"), "utf8");
  if (code !== 0 || !isSame) {
    await io.err.write(`${printable(err.trim().split("\n").slice(0, 3).join(" "), 400)}\n`);
    throw new UsageError(`the kept files are back, but npm could not install them; try npm ci in ${folder}`);
  }
  await io.out.write(`Put back from ${backup}; everything is installed as it was.\n`);
  return 0;
}
