import { headerQuality } from "../model/header-quality.ts";
import { any, integer, isText, listOf, type OptionTable, readOptions } from "../options.ts";
import type { Detector, Finding, Findings, HeaderProfile, HeaderReader, RuleId, WafRequest } from "../types.ts";

/** What `headers` takes. */
export interface HeadersOptions {
  /** Header fields every client is expected to send; each missing one adds score. Default `user-agent` and `accept`. */
  readonly required?: readonly string[];
  /** Lowest header quality (0 to 11) that adds no score; 0 turns that rule off. Default 3. */
  readonly minQuality?: number;
  /** Sum of the lengths of all names and values, 1,024 to 1,048,576. Default 32,768. */
  readonly maxTotalLength?: number;
  /** Field lines, 10 to 10,000. Default 100. */
  readonly maxCount?: number;
  /** Characters of `user-agent`, 100 to 65,536. Default 1,024. */
  readonly maxUserAgentLength?: number;
  /** Characters of `accept`, 100 to 65,536. Default 4,096. */
  readonly maxAcceptLength?: number;
  /** Further words that name a tool to block wherever they stand as a word in `user-agent`, any case. Default: none. */
  readonly blockedAgents?: readonly string[];
}

export const HEADERS_OPTIONS = {
  required: listOf<string, readonly string[]>(
    ["user-agent", "accept"],
    "lower-case header names",
    (value) => isText(value) && value === value.toLowerCase(),
  ),
  minQuality: integer(3, 0, 11),
  maxTotalLength: integer(32_768, 1_024, 1_048_576),
  maxCount: integer(100, 10, 10_000),
  maxUserAgentLength: integer(1_024, 100, 65_536),
  maxAcceptLength: integer(4_096, 100, 65_536),
  blockedAgents: any<readonly string[], readonly string[]>(
    [],
    "a list of words of 3 to 64 letters, digits, dots, dashes or slashes",
    (value) => Array.isArray(value) && value.every((word) => typeof word === "string" && /^[\w./-]{3,64}$/.test(word)),
  ),
} as const satisfies OptionTable;

export const RULES = {
  /** The user agent names an attack tool or vulnerability scanner. Blocks this request only: a name alone never bans. */
  "headers/attack-tool": 100,
  /** All fields together are longer than `maxTotalLength`: 400. */
  "headers/too-large": 100,
  /** More field lines than `maxCount`: 400. */
  "headers/too-many": 100,
  /** `user-agent` or `accept` is longer than its limit: 400. */
  "headers/value-too-long": 100,
  /** A required field is missing or empty. Programs (`api` profile) get half the score, webhooks none. */
  "headers/missing": 20,
  /** A browser's user agent with fewer browser headers than `minQuality` asks for. */
  "headers/low-quality": 15,
  /** A browser's user agent that accepts exactly anything and names neither a language nor an encoding. */
  "headers/generic-accept": 15,
  /** A browser's user agent without any of the fields that each browser sends. */
  "headers/no-browser-fields": 15,
  /** A user agent of the nineties (`Mozilla/4.0`) on HTTP/2. */
  "headers/old-agent-on-http2": 30,
  /** A current browser on HTTP/1.0, which none has spoken for twenty years. Some proxies downgrade: never enough alone. */
  "headers/modern-agent-on-http10": 15,
} as const satisfies Record<RuleId, number>;

type Rule = keyof typeof RULES;

/** Tools that name themselves. Found by word, so `httpx` or `curl`, which honest programs use too, are not here. */
const ATTACK_TOOLS =
  "sqlmap nikto masscan nmap zgrab acunetix netsparker invicti nessus openvas qualys qualysguard wpscan joomscan droopescan dirbuster dirb gobuster feroxbuster ffuf " +
  "fuzz-faster wfuzz nuclei hydra w3af arachni skipfish whatweb whatwaf wapiti commix xsstrike xsser dalfox havij jsql ghauri sqlninja bsqlbf fimap dotdotpwn jaeles " +
  "zmeu morfeus paros owasp-zap zaproxy burpsuite burpcollaborator metasploit jorgee grendel-scan uniscan golismero sqlsus n-stealth webinspect appscan cgichk " +
  "dirsearch kiterunner httprint cmsmap tplmap sstimap nosqlmap ssrfmap graphw00f log4j-scan tsunamisecurityscanner patator goldeneye slowloris";

/** Crawlers and monitors that honest sites want. A name can be forged: it only spares the bot what is expected of browsers. */
const KNOWN_BOTS =
  /googlebot|bingbot|slurp|duckduckbot|baiduspider|yandex(?:bot|images)|facebookexternalhit|twitterbot|linkedinbot|whatsapp|telegrambot|applebot|pingdom|uptimerobot|statuscake|site24x7/;

interface Agent {
  readonly tool: boolean;
  readonly browser: boolean;
}

/** Agents repeat: reading one from a map costs a tenth of matching it. Cleared when full, so random agents gain nothing and cost no memory. */
const MAX_AGENTS = 2_000;

/**
 * Scores how a client presents itself. Only size limits and self-named attack tools block; everything else adds little score, so that curl, SDKs,
 * monitors, webhooks and HTTP/2 clients pass. What is expected depends on the profile: a path rule's, or `browser` for agents that call themselves
 * Mozilla and no known bot, else `api`.
 *
 * @example
 * headers({ maxCount: 60, blockedAgents: ["evilbot"] })
 */
export function headers(options?: HeadersOptions): Detector {
  const settings = readOptions("headers", HEADERS_OPTIONS, options);
  // A dash stands for itself or for the space that some versions write.
  const words = [
    ...ATTACK_TOOLS.split(" ").map((word) => word.replaceAll("-", "[- ]")),
    ...settings.blockedAgents.map((word) => word.toLowerCase().replace(/[./-]/g, "\\$&")),
  ];
  const tools = new RegExp(`(?:^|[^a-z0-9])(?:${words.join("|")})(?![a-z0-9])`);
  const wantsAgent = settings.required.includes("user-agent");
  const wantsAccept = settings.required.includes("accept");
  const others = settings.required.filter((name) => name !== "user-agent" && name !== "accept");
  const agents = new Map<string, Agent>();
  // A client's requests come in runs, and a text that just arrived would have to be hashed to be looked up.
  let lastText = "";
  let last: Agent = { tool: false, browser: false };
  const agentOf = (userAgent: string): Agent => {
    if (userAgent !== lastText) {
      last = readAgent(userAgent);
      lastText = userAgent;
    }
    return last;
  };
  const readAgent = (userAgent: string): Agent => {
    let agent = agents.get(userAgent);
    if (agent === undefined) {
      const lower = userAgent.toLowerCase();
      agent = { tool: tools.test(lower), browser: lower.startsWith("mozilla/") && !KNOWN_BOTS.test(lower) };
      if (agents.size >= MAX_AGENTS) agents.clear();
      agents.set(userAgent, agent);
    }
    return agent;
  };
  /** With these settings, a browser's `accept` and `accept-language` on HTTP/1.1 leave nothing to find fault with. */
  const isOrdinary = others.length === 0 && settings.minQuality <= MAX_UNSUMMED;
  const judge = (request: WafRequest, head: Head): Findings => {
    const { headers: fields, policy } = request;
    const { userAgent, accept, language } = head;
    const oversized = overLimit(settings, head);
    if (oversized !== undefined) return oversized;
    const agent = agentOf(userAgent);
    if (agent.tool) return { rule: "headers/attack-tool", score: RULES["headers/attack-tool"], where: "header:user-agent" };
    const profile = policy.profile ?? (agent.browser ? "browser" : "api");
    if (profile === "webhook") return undefined;
    const complete = (userAgent !== "" || !wantsAgent) && (accept !== "" || !wantsAccept) && hasAll(fields, others);
    const missing = complete ? undefined : missingFields(settings.required, fields, profile);
    if (profile === "api" || isUsual(request, accept, language, settings.minQuality)) return missing;
    const odd = oddBrowser(request, userAgent, accept, settings.minQuality);
    if (odd.length === 0) return missing;
    return missing === undefined ? odd : [missing, ...odd];
  };
  return {
    name: "headers",
    phase: "head",
    rules: Object.keys(RULES) as RuleId[],
    inspect(request) {
      const { lines } = request.headers;
      if (lines === undefined) return judge(request, readFields(request.headers, settings));
      // Nearly every request is told here, by locals alone: writing texts into an object that stays costs as much as finding them.
      let length = 0;
      let userAgent: string | undefined;
      let accept: string | undefined;
      let language: string | undefined;
      for (let index = 0; index + 1 < lines.length; index += 2) {
        const name = lines[index]!;
        const value = lines[index + 1]!;
        length += name.length + value.length;
        if (name.length === 6 && isName(name, "Accept", "accept")) accept = joined(accept, value);
        else if (name.length === 10 && isName(name, "User-Agent", "user-agent")) userAgent ??= value;
        else if (name.length === 15 && isName(name, "Accept-Language", "accept-language")) language = joined(language, value);
      }
      if (
        isOrdinary &&
        request.httpVersion === "1.1" &&
        userAgent !== undefined &&
        accept &&
        language &&
        lines.length <= 2 * settings.maxCount &&
        length <= settings.maxTotalLength &&
        userAgent.length <= settings.maxUserAgentLength &&
        accept.length <= settings.maxAcceptLength
      ) {
        const { browser, tool } = agentOf(userAgent);
        if (browser && !tool) return undefined;
      }
      return judge(request, {
        count: lines.length / 2,
        length,
        userAgent: userAgent ?? "",
        accept: accept ?? "",
        language: language ?? "",
      });
    },
  };
}

interface Limits {
  readonly maxTotalLength: number;
  readonly maxCount: number;
  readonly maxUserAgentLength: number;
  readonly maxAcceptLength: number;
}

/** What one look at all field lines tells; a field that is missing is empty. What repeats is read as Node reads it: the first `user-agent`, all of the others joined. */
interface Head {
  readonly count: number;
  /** Sum of the lengths of all names and values. */
  readonly length: number;
  readonly userAgent: string;
  readonly accept: string;
  readonly language: string;
}

/** The same from a reader that has no lines to walk over. */
function readFields(fields: HeaderReader, limits: Limits): Head {
  let count = 0;
  let length = 0;
  for (const [name, value] of fields) {
    count++;
    length += name.length + value.length;
    if (count > limits.maxCount || length > limits.maxTotalLength) break;
  }
  return {
    count,
    length,
    userAgent: fields.get("user-agent") ?? "",
    accept: fields.get("accept") ?? "",
    language: fields.get("accept-language") ?? "",
  };
}

/** The two usual spellings first: both are comparisons of bytes, lower case is a call. */
const isName = (name: string, title: string, lower: string): boolean =>
  name === title || name === lower || ((name.charCodeAt(0) | 32) === lower.charCodeAt(0) && name.toLowerCase() === lower);

const joined = (before: string | undefined, value: string): string => (before === undefined ? value : `${before}, ${value}`);

const hasAll = (fields: HeaderReader, names: readonly string[]): boolean => names.length === 0 || names.every((name) => fields.get(name));

function overLimit(limits: Limits, { count, length, userAgent, accept }: Head): Finding | undefined {
  const refuse = (rule: Rule, where: string): Finding => ({ rule, score: RULES[rule], where, block: { status: 400 } });
  if (userAgent.length > limits.maxUserAgentLength) return refuse("headers/value-too-long", "header:user-agent");
  if (accept.length > limits.maxAcceptLength) return refuse("headers/value-too-long", "header:accept");
  if (count > limits.maxCount) return refuse("headers/too-many", "headers");
  if (length > limits.maxTotalLength) return refuse("headers/too-large", "headers");
  return undefined;
}

function missingFields(required: readonly string[], fields: HeaderReader, profile: HeaderProfile): Finding {
  const missing = required.filter((name) => !fields.get(name));
  const each = RULES["headers/missing"] / (profile === "browser" ? 1 : 2);
  return {
    rule: "headers/missing",
    score: Math.min(40, each * missing.length),
    where: `header:${missing[0]}`,
    note: missing.join(", ").slice(0, 120),
  };
}

/** True for what `oddBrowser` has nothing to say about: nearly every browser's request, told by a single field more. */
const isUsual = ({ httpVersion }: WafRequest, accept: string, language: string, minQuality: number): boolean =>
  httpVersion === "1.1" && accept !== "" && minQuality <= MAX_UNSUMMED && language !== "";

/** The header quality that agent and `accept` reach alone: up to it, most requests need no sum. */
const MAX_UNSUMMED = 4;

function oddBrowser(request: WafRequest, userAgent: string, accept: string, minQuality: number): readonly Finding[] {
  const { headers: fields, httpVersion } = request;
  const language = fields.get("accept-language") ?? "";
  const encoding = fields.get("accept-encoding") ?? "";
  const found: Finding[] = [];
  const add = (rule: Rule): void => void found.push({ rule, score: RULES[rule] });
  // HTTP/2 has no Connection field, so its absence says nothing there.
  const lacksAll = language === "" && encoding === "" && (httpVersion?.startsWith("2") === true || !fields.get("connection"));
  if (httpVersion?.startsWith("2") && /^mozilla\/4\.0/i.test(userAgent)) add("headers/old-agent-on-http2");
  if (httpVersion === "1.0" && /chrome/i.test(userAgent)) add("headers/modern-agent-on-http10");
  if (accept === "*/*" && language === "" && encoding === "") add("headers/generic-accept");
  else if (lacksAll) add("headers/no-browser-fields");
  if (
    (minQuality > MAX_UNSUMMED || (minQuality > 0 && accept === "")) &&
    headerQuality({
      userAgent,
      accept,
      language,
      encoding,
      connection: fields.get("connection") ?? "",
      cacheControl: fields.get("cache-control") ?? "",
    }) < minQuality
  ) {
    add("headers/low-quality");
  }
  return found;
}
