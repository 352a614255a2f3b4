/** Formats and mends what can be mended. */
import { spawnSync } from "node:child_process";

process.exitCode = spawnSync("biome", ["check", "--write", "."], { stdio: "inherit", shell: process.platform === "win32" }).status ?? 1;
