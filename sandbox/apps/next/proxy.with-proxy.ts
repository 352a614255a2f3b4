import { protect } from "@aiwaf/next";
import { getHost } from "../host.ts";

const { waf } = getHost();

export const proxy = waf === undefined ? () => undefined : protect(waf);
