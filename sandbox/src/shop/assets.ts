/** Files of the shop's look, by name below `/static/`: content type and content. */
export const assets: ReadonlyMap<string, { readonly contentType: string; readonly content: string | Uint8Array }> = new Map([
  ["shop.css", { contentType: "text/css; charset=utf-8", content: styles() }],
  ["shop.js", { contentType: "text/javascript; charset=utf-8", content: script() }],
  ["logo.png", { contentType: "image/png", content: logo() }],
]);

/** What search engines are told. */
export const robots = "User-agent: *\nDisallow: /account\nDisallow: /basket\nSitemap: /sitemap.xml\n";

function styles(): string {
  return `:root { --ink: #1d2b33; --sea: #1f5d73; --sand: #f6f1e7; --line: #ddd3c0; }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.55 Georgia, "Times New Roman", serif; color: var(--ink); background: var(--sand); }
a { color: var(--sea); }
header, footer { display: flex; flex-wrap: wrap; gap: 1rem; align-items: center; padding: .8rem 1.5rem; background: #fff; border-bottom: 1px solid var(--line); }
footer { border: 0; border-top: 1px solid var(--line); font-size: .85rem; }
.brand { display: flex; gap: .5rem; align-items: center; font-weight: bold; font-size: 1.2rem; text-decoration: none; color: var(--ink); }
nav { display: flex; gap: .9rem; }
.find { margin-left: auto; }
main { max-width: 62rem; margin: 1.5rem auto; padding: 0 1.5rem; }
.hero { padding: 2rem; background: var(--sea); color: #fff; border-radius: .6rem; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(14rem, 1fr)); gap: 1rem; padding: 0; list-style: none; }
.card { display: block; padding: 1rem; background: #fff; border: 1px solid var(--line); border-radius: .5rem; overflow-wrap: anywhere; }
.card h3 { margin: 0 0 .3rem; font-size: 1.05rem; }
.meta { color: #6b7a80; font-size: .9rem; }
.problem { color: #9c2a1c; }
form.card label { display: block; margin-bottom: .6rem; }
input, textarea, button { font: inherit; padding: .35rem .6rem; border: 1px solid var(--line); border-radius: .3rem; }
button { background: var(--sea); color: #fff; border-color: var(--sea); cursor: pointer; }
table { border-collapse: collapse; background: #fff; } td, th { padding: .4rem .8rem; border: 1px solid var(--line); text-align: left; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; }
`;
}

function script(): string {
  return `for (const box of document.querySelectorAll("input[name=quantity]")) box.inputMode = "numeric";\n`;
}

/** A one-pixel PNG in the colour of the sea; the page scales it. */
function logo(): Uint8Array {
  return new Uint8Array(
    Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mOQjy3+DwADBgHPyVG0lwAAAABJRU5ErkJggg==", "base64"),
  );
}
