import type { JSX } from "preact";
import { announce } from "./announce.ts";
import { addressOf } from "./route.ts";
import { isReadOnly, logOut, session } from "./session.ts";
import { visibleText } from "./text/visible.ts";
import { chooseTheme, type Theme, theme } from "./theme.ts";
import { Icon, type IconName } from "./ui/icons.tsx";
import { Badge } from "./ui/parts.tsx";

const GROUPS: readonly (readonly [name: string, pages: readonly (readonly [page: string, text: string, icon: IconName])[]])[] = [
  [
    "Watch",
    [
      ["overview", "Overview", "overview"],
      ["live", "Live", "live"],
    ],
  ],
  [
    "Act",
    [
      ["bans", "Bans", "bans"],
      ["exceptions", "Exceptions", "exceptions"],
      ["rules", "Rules", "rules"],
      ["models", "Models", "models"],
    ],
  ],
  ["Help", [["guide", "Start here", "guide"]]],
];

/** All pages, and who is signed in where. */
export function Sidebar({ isOpen, page }: { readonly isOpen: boolean; readonly page: string }): JSX.Element {
  const known = session.value;
  const current = page === "decision" ? "live" : page;
  return (
    <nav class="sidebar" id="menu" aria-label="Pages" data-open={isOpen}>
      <div class="brand">
        <Icon name="shield" size={22} />
        AIWAF
      </div>
      <div class="nav">
        {GROUPS.map(([name, pages]) => (
          <div key={name}>
            <p class="nav-group">{name}</p>
            <ul>
              {pages.map(([target, text, icon]) => (
                <li key={target}>
                  <a href={addressOf(target)} aria-current={target === current ? "page" : undefined}>
                    <Icon name={icon} />
                    {text}
                  </a>
                </li>
              ))}
            </ul>
          </div>
        ))}
      </div>
      <p class="sidebar-foot muted small">
        <span>{visibleText(known?.deployment ?? "", 40)}</span>
        <span>Version {visibleText(known?.version ?? "", 30)}</span>
      </p>
    </nav>
  );
}

const THEMES: Readonly<Record<Theme, readonly [text: string, icon: IconName, next: Theme]>> = {
  auto: ["as the system", "system", "light"],
  light: ["light", "sun", "dark"],
  dark: ["dark", "moon", "auto"],
};

/** What is at hand on every page. */
export function TopBar({ isMenuOpen, onMenu }: { readonly isMenuOpen: boolean; readonly onMenu: () => void }): JSX.Element {
  const known = session.value;
  const [text, icon, next] = THEMES[theme.value];
  return (
    <header class="topbar">
      <button
        type="button"
        class="button button-quiet button-icon menu-button"
        aria-label="Menu"
        aria-expanded={isMenuOpen}
        aria-controls="menu"
        onClick={onMenu}
      >
        <Icon name={isMenuOpen ? "close" : "menu"} size={20} />
      </button>
      <span class="topbar-deployment strong">{visibleText(known?.deployment ?? "", 40)}</span>
      {isReadOnly.value && <Badge>You may only look</Badge>}
      <span class="topbar-space" />
      <button
        type="button"
        class="button button-quiet button-icon"
        aria-label={`Colours: ${text}. Change to ${THEMES[next][0]}`}
        title={`Colours: ${text}`}
        onClick={() => chooseTheme(next)}
      >
        <Icon name={icon} />
      </button>
      {known?.user !== undefined && (
        <span class="topbar-wide muted small">
          <Icon name="user" size={15} /> {visibleText(known.user, 40)}
        </span>
      )}
      {known?.kind === "password" && (
        <button
          type="button"
          class="button button-quiet"
          onClick={() => logOut().catch((error: Error) => announce(error.message, { tone: "bad" }))}
        >
          Sign out
        </button>
      )}
    </header>
  );
}
