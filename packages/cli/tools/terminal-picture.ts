/**
 * A terminal's screen as a picture: the bytes that a program wrote, shown by xterm.js in Chromium.
 *
 * @module
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { chromium } from "playwright-core";

/** One picture. */
export interface Screen {
  /** Where it goes, a PNG file. */
  readonly file: string;
  /** What the window is called. */
  readonly title: string;
  /** What the program wrote, with all its escape sequences. */
  readonly output: string;
  readonly rows: number;
}

const COLUMNS = 80;
const PAGE = `<!doctype html><meta charset="utf-8"><style>
  body { margin: 0; padding: 2px; background: transparent; display: inline-block; }
  figure { margin: 0; background: #11151c; border-radius: 10px; border: 1px solid #2a3342; overflow: hidden; }
  figcaption { background: #1c2330; color: #8b98ab; font: 13px "DejaVu Sans", sans-serif; text-align: center; padding: 8px; }
  #screen { padding: 12px 14px 14px; }
  .xterm-viewport { overflow: hidden !important; }
</style><figure><figcaption></figcaption><div id="screen"></div></figure>`;
const THEME = {
  background: "#11151c",
  foreground: "#d5dbe5",
  red: "#ff7b72",
  green: "#7ee787",
  yellow: "#f2cc60",
  blue: "#79c0ff",
  cyan: "#76e3ea",
  brightBlack: "#7d8899",
};

/** Draws the screens. Needs Chromium: CHROMIUM_PATH, or the one of the system. */
export async function drawScreens(screens: readonly Screen[]): Promise<void> {
  const browser = await chromium.launch({
    executablePath: process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  });
  try {
    const page = await browser.newPage({ deviceScaleFactor: 2, viewport: { width: 1_000, height: 1_400 } });
    const folder = dirname(dirname(createRequire(import.meta.url).resolve("@xterm/xterm")));
    for (const { file, title, output, rows } of screens) {
      await page.setContent(PAGE);
      await page.addStyleTag({ path: join(folder, "css/xterm.css") });
      await page.addScriptTag({ path: join(folder, "lib/xterm.js") });
      await page.evaluate(
        ([name, text, columns, lines, theme]) => {
          document.querySelector("figcaption")!.textContent = name;
          const options = {
            cols: columns,
            rows: lines,
            theme,
            convertEol: true,
            fontFamily: "DejaVu Sans Mono",
            fontSize: 14,
            lineHeight: 1.25,
            scrollback: 0,
          };
          const { Terminal } = globalThis as unknown as {
            Terminal: new (given: object) => { open(at: Element): void; write(text: string, done: () => void): void };
          };
          const terminal = new Terminal(options);
          terminal.open(document.querySelector("#screen")!);
          // Without the cursor, which stands wherever the program left it.
          return new Promise<void>((resolve) =>
            terminal.write(`${text}\u001b[?25l`, () => requestAnimationFrame(() => requestAnimationFrame(() => resolve()))),
          );
        },
        [title, output, COLUMNS, rows, THEME] as const,
      );
      await page.locator("body").screenshot({ path: file, omitBackground: true });
    }
  } finally {
    await browser.close();
  }
}
