import { signal } from "@preact/signals";

/** What somebody chose; `auto` follows the system. */
export type Theme = "auto" | "light" | "dark";

const KEY = "aiwaf-theme";
const THEMES: readonly Theme[] = ["auto", "light", "dark"];

/** The choice now. */
export const theme = signal<Theme>(stored());

/** Grows when colours changed, by choice or by the system. Canvases read their colours anew. */
export const paletteVersion = signal(0);

function stored(): Theme {
  try {
    return THEMES.find((name) => name === localStorage.getItem(KEY)) ?? "auto";
  } catch {
    // Storage may be forbidden; the system's choice then holds.
    return "auto";
  }
}

/** Changes the colours now and for the next visit. */
export function chooseTheme(chosen: Theme): void {
  theme.value = chosen;
  try {
    localStorage.setItem(KEY, chosen);
  } catch {
    // As above: the choice holds until the page is left.
  }
  apply();
}

function apply(): void {
  if (theme.value === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme.value;
  paletteVersion.value++;
}

/** Applies the stored choice and follows the system from then on. */
export function startTheme(): void {
  apply();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => paletteVersion.value++);
}
