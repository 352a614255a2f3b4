import type { PathPolicy } from "./types.ts";

/** The policy of a firewall with nothing configured but its defaults, and no body read: what path rules are compiled over to learn what they match. */
export const PLAIN_POLICY: PathPolicy = Object.freeze({
  mode: "enforce",
  threshold: 100,
  skip: Object.freeze([]),
  bodyLimitBytes: 0,
  onFailure: "allow",
  rateLimit: undefined,
  methods: undefined,
  profile: undefined,
});
