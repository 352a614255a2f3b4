/**
 * nginx with ModSecurity and the Core Rule Set as Debian packages them, as a reverse proxy of one worker: what `bench/proxy.ts` measures the proxy
 * beside. Requests are inspected with bodies, responses are not, and nothing is written to logs: the same work that the proxy does.
 *
 * @module
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MODULE = "/usr/lib/nginx/modules/ngx_http_modsecurity_module.so";
const SETUP = "/etc/modsecurity/crs/crs-setup.conf";
const RULES = "/usr/share/modsecurity-crs/rules";

/** One line that makes the comparison possible. */
export const NGINX_INSTALL = "apt-get install -y nginx libnginx-mod-http-modsecurity modsecurity-crs";

/** A server to compare with. */
export interface Nginx {
  readonly port: number;
  /** Its version, and that of the rules. */
  readonly name: string;
  /** Processor time of its worker so far, in microseconds, to within 10,000. */
  cpuMicros(): number;
  stop(): Promise<void>;
}

const configuration = (folder: string, port: number, upstream: number, isRoot: boolean): string => `
${isRoot ? "user root;" : ""}
daemon off;
pid nginx.pid;
error_log stderr crit;
worker_processes 1;
load_module ${MODULE};
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 100000000;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  upstream shop { server 127.0.0.1:${upstream}; keepalive 64; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port};
    modsecurity on;
    modsecurity_rules_file ${join(folder, "modsecurity.conf")};
    location / {
      proxy_pass http://shop;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }
  }
}
`;

const RULE_FILE = `
SecRuleEngine On
SecRequestBodyAccess On
SecResponseBodyAccess Off
SecAuditEngine Off
SecPcreMatchLimit 100000
SecPcreMatchLimitRecursion 100000
Include ${SETUP}
Include ${RULES}/*.conf
`;

/** Starts it in front of that port. `undefined` where it is not installed, or does not start. */
export async function startNginx(upstream: number): Promise<Nginx | undefined> {
  const name = nameOf();
  if (name === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "aiwaf-nginx-"));
  const port = await freePort();
  writeFileSync(join(folder, "nginx.conf"), configuration(folder, port, upstream, process.getuid?.() === 0));
  writeFileSync(join(folder, "modsecurity.conf"), RULE_FILE);
  mkdirSync(join(folder, "logs"));
  const child = spawn("nginx", ["-p", folder, "-c", join(folder, "nginx.conf")], { stdio: ["ignore", "ignore", "inherit"] });
  const end = (): boolean => child.kill("SIGTERM");
  process.once("exit", end);
  const stop = async (): Promise<void> => {
    process.off("exit", end);
    if (child.exitCode === null && end()) await once(child, "close");
    rmSync(folder, { recursive: true });
  };
  if (!(await answers(child, port))) {
    await stop();
    return undefined;
  }
  const worker = workerOf(child.pid ?? 0);
  return { port, name, cpuMicros: () => cpuMicrosOf(worker), stop };
}

function nameOf(): string | undefined {
  if (!existsSync(MODULE) || !existsSync(SETUP) || !existsSync(RULES)) return undefined;
  try {
    const packages = ["nginx", "libmodsecurity3", "modsecurity-crs"];
    return execFileSync("dpkg-query", ["-W", "-f", "${Package} ${Version}, ", ...packages], { encoding: "utf8" }).replace(/, $/, "");
  } catch {
    return "nginx, ModSecurity, Core Rule Set";
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, "close");
  return port;
}

/** Rules take seconds to load. */
async function answers(child: ChildProcess, port: number): Promise<boolean> {
  for (let attempt = 0; attempt < 300 && child.exitCode === null; attempt++) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true)).once("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
    if (isOpen) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}

/** The master's only child. */
function workerOf(master: number): number {
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      if (Number(fieldsOf(Number(name))[1]) === master) return Number(name);
    } catch {
      // It ended meanwhile.
    }
  }
  return master;
}

/** From the third field of `/proc/<pid>/stat` on: the second may hold spaces. */
const fieldsOf = (pid: number): string[] =>
  readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");

const TICK_MICROS = 10_000;
const cpuMicrosOf = (pid: number): number => (Number(fieldsOf(pid)[11]) + Number(fieldsOf(pid)[12])) * TICK_MICROS;
