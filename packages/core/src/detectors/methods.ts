import { listOf, type OptionTable, readOptions } from "../options.ts";
import type { Detector, Finding, RuleId } from "../types.ts";

/** What `methods` takes. */
export interface MethodsOptions {
  /** Methods the application answers, upper case. HEAD comes with GET, OPTIONS always passes. Default: GET, POST, PUT, PATCH, DELETE. */
  readonly allow?: readonly string[];
}

export const METHODS_OPTIONS = {
  allow: listOf<string, readonly string[]>(
    ["GET", "POST", "PUT", "PATCH", "DELETE"],
    "method names in upper case",
    (value) => typeof value === "string" && /^[A-Z][A-Z-]{0,30}$/.test(value),
  ),
} as const satisfies OptionTable;

export const RULES = {
  /** The path does not answer this method: 405 with `Allow`. Never a ban: an old client or a crawler does this too. */
  "methods/not-allowed": 100,
  /** A header such as `X-HTTP-Method-Override` asks for a method that the path does not answer. */
  "methods/override": 100,
} as const satisfies Record<RuleId, number>;

/** The fields that method-override middleware of the field reads by default. */
const OVERRIDES = ["x-http-method-override", "x-http-method", "x-method-override"] as const;

/**
 * Answers 405 to methods that a path does not have: the general list, or `methods` of a path rule.
 *
 * @example
 * methods({ allow: ["GET", "POST"] })
 */
export function methods(options?: MethodsOptions): Detector {
  const { allow } = readOptions("methods", METHODS_OPTIONS, options);
  return {
    name: "methods",
    phase: "head",
    rules: Object.keys(RULES) as RuleId[],
    defaults: { methods: Object.freeze([...allow]) },
    inspect({ method, policy, headers }) {
      const allowed = policy.methods;
      if (allowed === undefined) return undefined;
      if (!answers(allowed, method)) return refuse("methods/not-allowed", allowed);
      // Only a request that may change something is overridden by anybody.
      if (method !== "POST") return undefined;
      for (const name of OVERRIDES) {
        const wanted = headers.get(name);
        if (wanted != null && wanted !== "" && !answers(allowed, wanted.slice(0, 64).trim().toUpperCase()))
          return refuse("methods/override", allowed);
      }
      return undefined;
    },
  };
}

const answers = (allowed: readonly string[], method: string): boolean =>
  allowed.includes(method) || method === "OPTIONS" || (method === "HEAD" && allowed.includes("GET"));

function refuse(rule: keyof typeof RULES, allowed: readonly string[]): Finding {
  const listed = [...new Set([...allowed, ...(allowed.includes("GET") ? ["HEAD"] : []), "OPTIONS"])].join(", ");
  return { rule, score: RULES[rule], block: { status: 405, headers: { allow: listed } } };
}
