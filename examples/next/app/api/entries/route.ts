import { currentDecision } from "@aiwaf/next";
import { entries } from "../../../lib/entries";

export const dynamic = "force-dynamic";

export const GET = (): Response => Response.json({ entries: entries(), decision: currentDecision()?.id });
