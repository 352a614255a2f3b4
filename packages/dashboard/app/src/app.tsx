import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { dismiss, notices, spoken } from "./announce.ts";
import { hearChanges } from "./api/changes.ts";
import { isReachable } from "./api/client.ts";
import { BansPage } from "./pages/bans.tsx";
import { DecisionPage } from "./pages/decision.tsx";
import { ExceptionsPage } from "./pages/exceptions.tsx";
import { Gate } from "./pages/gate.tsx";
import { GuidePage } from "./pages/guide.tsx";
import { LivePage } from "./pages/live.tsx";
import { ModelsPage } from "./pages/models.tsx";
import { OverviewPage } from "./pages/overview.tsx";
import { RulesPage } from "./pages/rules.tsx";
import { addressOf, place } from "./route.ts";
import { loadSession, session, sessionProblem } from "./session.ts";
import { Sidebar, TopBar } from "./shell.tsx";
import { Icon } from "./ui/icons.tsx";
import { Empty, Loading, PageHead, Problem } from "./ui/parts.tsx";

const RETRY_MS = 5_000;

/** A page by its name in the address, with its title. */
const PAGES: Readonly<Record<string, readonly [title: string, page: () => JSX.Element]>> = {
  overview: ["Overview", OverviewPage],
  live: ["Live", LivePage],
  decision: ["Decision", DecisionPage],
  guide: ["Start here", GuidePage],
  bans: ["Bans", BansPage],
  exceptions: ["Exceptions", ExceptionsPage],
  rules: ["Rules", RulesPage],
  models: ["Models", ModelsPage],
};

/** The whole dashboard: what is shown depends on who is signed in, and on the address. */
export function App(): JSX.Element {
  const known = session.value;
  return (
    <>
      {known === undefined ? <Starting /> : known.authenticated && !known.needsPassword ? <Console /> : <Gate />}
      <Notices />
      <p class="visually-hidden" role="status" aria-live="polite">
        {spoken.value}
      </p>
    </>
  );
}

function Starting(): JSX.Element {
  const problem = sessionProblem.value;
  return (
    <main class="gate">
      <div class="gate-box">
        {problem === undefined ? <Loading what="the dashboard" /> : <Problem problem={problem} retry={() => void loadSession()} />}
      </div>
    </main>
  );
}

function Console(): JSX.Element {
  const [isMenuOpen, setMenuOpen] = useState(false);
  const { page, detail } = place.value;
  const [title, Page] = PAGES[page] ?? ["Not found", NotFound];
  useEffect(() => {
    document.title = `${title} · AIWAF`;
    setMenuOpen(false);
  }, [title, detail]);
  useFocusOnNewPage(`${page}/${detail}`);
  // The live feed brings them with it.
  useEffect(() => (page === "live" ? undefined : hearChanges()), [page === "live"]);
  return (
    <>
      <button type="button" class="skip-link" onClick={() => document.querySelector<HTMLElement>("#content")?.focus()}>
        Skip to content
      </button>
      <div class="shell">
        <Sidebar isOpen={isMenuOpen} page={page} />
        <div class="main">
          <TopBar isMenuOpen={isMenuOpen} onMenu={() => setMenuOpen(!isMenuOpen)} />
          {!isReachable.value && <Offline />}
          <main class="content" id="content" tabIndex={-1}>
            <Page key={`${page}/${detail}`} />
          </main>
        </div>
      </div>
    </>
  );
}

/** Screen readers and keyboards begin at the new page's heading, as after following a link between documents. */
function useFocusOnNewPage(name: string): void {
  const [first] = useState(name);
  useEffect(() => {
    if (name === first && document.activeElement === document.body) return;
    scrollTo(0, 0);
    const content = document.querySelector<HTMLElement>("#content");
    (content?.querySelector<HTMLElement>("h1") ?? content)?.focus({ preventScroll: true });
  }, [name, first]);
}

const NotFound = (): JSX.Element => (
  <div class="page">
    <PageHead title="Not found" />
    <div class="card">
      <Empty title="There is no such page" icon="warning">
        <a href={addressOf("overview")}>To the overview</a>
      </Empty>
    </div>
  </div>
);

function Offline(): JSX.Element {
  useEffect(() => {
    const retry = (): void => void loadSession();
    const timer = setInterval(retry, RETRY_MS);
    addEventListener("online", retry);
    return () => {
      clearInterval(timer);
      removeEventListener("online", retry);
    };
  }, []);
  return (
    <div class="banner" role="alert">
      <Icon name="warning" />
      The server cannot be reached. What is shown may be old; trying again every {RETRY_MS / 1_000} seconds.
    </div>
  );
}

const Notices = (): JSX.Element => (
  <section class="notices" aria-label="Messages">
    {notices.value.map((notice) => (
      <div key={notice.id} class={`notice notice-${notice.tone}`} role={notice.tone === "bad" ? "alert" : undefined}>
        <span>{notice.text}</span>
        {notice.undo !== undefined && (
          <button
            type="button"
            class="button"
            onClick={() => {
              dismiss(notice.id);
              void notice.undo?.();
            }}
          >
            <Icon name="undo" size={16} />
            Undo
          </button>
        )}
        <button type="button" class="button button-quiet button-icon" aria-label="Close this message" onClick={() => dismiss(notice.id)}>
          <Icon name="close" size={16} />
        </button>
      </div>
    ))}
  </section>
);
