/** Starts the dashboard. */
import { render } from "preact";
import { App } from "./app.tsx";
import { startRouting } from "./route.ts";
import { startSession } from "./session.ts";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/parts.css";
import "./styles/pages.css";
import { startTheme } from "./theme.ts";

startTheme();
startRouting();
startSession();
const box = document.querySelector("#app");
if (box !== null) {
  box.replaceChildren();
  render(<App />, box);
}
