import type { FoundRoute } from "./found-route.ts";

/** What a manifest says about one route, in the fields that AIWAF's other implementations read too. */
export interface ManifestEntry {
  readonly methods: readonly string[];
  readonly view: string;
  readonly name: string;
  readonly category: string;
  readonly response_type: "html" | "json" | "file";
  readonly auth_required: boolean;
  readonly protections: Readonly<Record<string, unknown>>;
}

const STATIC = /^\/(?:static|media|assets)\/|\.(?:css|js|mjs|map|png|jpe?g|gif|svg|webp|avif|ico|woff2?|ttf|txt|xml|webmanifest)$/;
const AUTH = /\/(?:login|log-in|signin|sign-in|auth\/login|signup|register|password)(?:\/|$)/;
const UPLOAD = /^\/(?:.*\/)?(?:uploads?|files)(?:\/|$)/;
const MEMBERS = /^\/(?:portal|dashboard|account|accounts|profile|settings)(?:\/|$)/;

const perMinute = (requests: number) => ({ requests, window_seconds: 60 });
const off = { enabled: false };
const on = { enabled: true };

/** Tells what a route is for from its address, its methods and what answers it; the first that fits. */
export function classify({ pattern, methods, view, kind }: FoundRoute): ManifestEntry {
  const path = pattern.toLowerCase();
  const isAuthed = MEMBERS.test(path) || /\/admin(?:\/|$)/.test(path);
  const entry = (category: string, protections: Readonly<Record<string, unknown>>): ManifestEntry => ({
    methods: [...methods].sort(),
    view,
    name: pattern,
    category,
    response_type: category === "static" ? "file" : kind === "endpoint" ? "json" : "html",
    auth_required: isAuthed,
    protections,
  });
  const posts = methods.includes("POST");
  if (kind === "assets" || STATIC.test(path)) return entry("static", { header_validation: off, ai_anomaly: off, honeypot: off });
  if (/\/admin(?:\/|$)/.test(path)) return entry("admin", { rate_limit: perMinute(30) });
  if (AUTH.test(path)) return entry("auth", { rate_limit: perMinute(30), honeypot: on });
  if (kind === "page" && posts)
    return entry("form", { rate_limit: perMinute(30), honeypot: on, payload_validation: { max_body_bytes: 1_048_576 } });
  if (UPLOAD.test(path)) return entry("upload", { rate_limit: perMinute(20), payload_validation: { max_body_bytes: 1_048_576 } });
  if (kind === "endpoint")
    return entry("api", {
      rate_limit: perMinute(120),
      api_rate_limit: perMinute(120),
      payload_validation: { max_body_bytes: 1_048_576, max_json_depth: 8 },
      content_type_validation: { require_valid_content_type: true },
      honeypot: off,
    });
  if (isAuthed) return entry("app", { rate_limit: perMinute(90) });
  return entry("unknown", { rate_limit: perMinute(60) });
}
