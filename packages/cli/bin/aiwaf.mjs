#!/usr/bin/env node
// Stands in the repository, so that a workspace install finds the command before the first build.
import "../dist/cli.js";
