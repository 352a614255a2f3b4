import type { NextConfig } from "next";

// The console's pages stand at /aiwaf/, with the slash.
const config: NextConfig = { poweredByHeader: false, skipTrailingSlashRedirect: true };

export default config;
