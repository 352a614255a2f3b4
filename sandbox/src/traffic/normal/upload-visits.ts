/**
 * Files that honest people send: photographs, invoices, spreadsheets, with the names that people give them.
 *
 * @module
 */
import { desktopBrowsers, mobileBrowsers } from "./browser-profiles.ts";
import { host, openPage, origin, sendForm } from "./browser-requests.ts";
import { createDice, type HonestRecord, startVisit } from "./visit.ts";

interface UploadedFile {
  readonly name: string;
  readonly type: string;
  readonly bytes: Uint8Array;
  /** The other field of the form. */
  readonly title: string;
}

/** A valid PNG of one grey pixel. */
const png = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNoAAAAggCBd81ytgAAAABJRU5ErkJggg==", "base64");
/** A valid GIF of one transparent pixel. */
const gif = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64");

const files: readonly UploadedFile[] = [
  file("IMG_0042.JPG", "image/jpeg", photo(2_400, 1), "My mug on the balcony"),
  file("IMG_20251116_081530.jpg", "image/jpeg", photo(6_000, 2), "it's here!"),
  file("WhatsApp Image 2025-11-16 at 08.15.30 (1).jpeg", "image/jpeg", photo(1_800, 3), "50% of the box was empty :("),
  file("Bildschirmfoto 2025-11-16 um 08.15.30.png", "image/png", png, "Fehlermeldung beim Bezahlen"),
  file("Screenshot_20251116-081530_Chrome.png", "image/png", png, "select size -> nothing happens"),
  file("image.png", "image/png", png, ""),
  file("blob", "image/png", png, "from the clipboard"),
  file("logo.gif", "image/gif", gif, "our logo; use it on the card, please"),
  file("IMG_4711.HEIC", "image/heic", heic(), "Live photo"),
  file("foto.webp", "image/webp", webp(), "¿Se ve bien?"),
  file(
    "drawing.svg",
    "image/svg+xml",
    text('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><path d="M0 0L10 10"/></svg>\n'),
    "engraving",
  ),
  file("Rechnung_Nr.1183_März–April (Kopie).pdf", "application/pdf", pdf("Rechnung 1183"), "Rechnung anbei, s. Seite 2"),
  file("O'Brien & Sons; invoice #12.pdf", "application/pdf", pdf("Invoice 12"), "invoice #12 / O'Brien & Sons"),
  file("résumé d'achat.pdf", "application/pdf", pdf("Resume"), "Voilà le reçu"),
  file("請求書 2025年11月.pdf", "application/pdf", pdf("Seikyuusho"), "よろしくお願いします"),
  file("счёт №7.pdf", "application/pdf", pdf("Schet"), "счёт"),
  file("scan..final..FINAL(2).pdf", "application/pdf", pdf("Scan"), "the final one. Really."),
  file(
    "orders.csv",
    "text/csv",
    text('id;name;note\n1;"O\'Brien, S.";"20% off; it\'s a gift"\n2;"=SUM(A1:A9)";"<none>"\n3;"Müller";"-- see mail --"\n'),
    "import me",
  ),
  file("prices (net + gross).csv", "text/csv", text("sku,net,gross\nHP-0001,12.18,14.50\nHP-0016/B,41.60,49.50\n"), "new prices"),
  file("stock.tsv", "text/tab-separated-values", text("sku\tleft\nHP-0001\t-3\nHP-0002\t17\n"), "stock"),
  file(
    "notes.txt",
    "text/plain",
    text("Dear shop,\n\nplease select the blue one, or drop me a line if it's sold out.\nPrice limit: < 20 EUR & > 10 EUR.\n\n-- \nK.\n"),
    "letter",
  ),
  file("engraving text.txt", "text/plain; charset=utf-8", text("“Für Zoë – 25 Jahre, ∞ × Liebe” 🎂\n"), "see file"),
  file(
    "wishlist.json",
    "application/json",
    text('{"items":[{"id":16,"note":"cast iron > aluminium"},{"id":3}],"public":false}\n'),
    "export from my phone",
  ),
  file("basket.xml", "text/xml", text('<?xml version="1.0" encoding="UTF-8"?>\n<basket><item id="16">2</item></basket>\n'), "my basket"),
  file(
    "size-chart.html",
    "text/html",
    text("<!doctype html><title>Sizes</title><table><tr><td>S</td><td>&lt; 54 cm</td></tr></table>\n"),
    "chart I made",
  ),
  file("Angebot_v3.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", zip("word/document.xml"), "offer v3"),
  file(
    "Inventur 2025 (Lager 2).xlsx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    zip("xl/workbook.xml"),
    "Lagerliste",
  ),
  file("photos.zip", "application/zip", zip("IMG_0042.JPG"), "all photos"),
  file("voice-note.m4a", "audio/mp4", heic(), "listen :)"),
  file("README", "application/octet-stream", text("see notes.txt\n"), "no extension, sorry"),
  file(`${"a".repeat(120)}.png`, "image/png", png, "the camera names them like that"),
];

function file(name: string, type: string, bytes: Uint8Array, title: string): UploadedFile {
  return { name, type, bytes, title };
}

/** Each file once: from a browser's form, an app, or a script. */
export function uploadVisits(): HonestRecord[] {
  const dice = createDice(61);
  const browsers = [...desktopBrowsers, ...mobileBrowsers];
  const records: HonestRecord[] = [];
  for (const [number, upload] of files.entries()) {
    const visit = startVisit({
      scenario: `upload-${number + 1}`,
      class: "upload",
      client: `2001:db8:61:${(number + 1).toString(16)}::${(number + 3).toString(16)}`,
      startMs: dice.between(0, 50_000),
    });
    if (number % 4 === 3) {
      const boundary = `------------------------${(0x10000000 + number * 7919).toString(16)}d74496d6`;
      const headers = {
        host,
        "user-agent": number % 8 === 3 ? "curl/8.17.0" : "HarbourShop/6.3.1 okhttp/4.12.0",
        accept: "*/*",
        "content-type": `multipart/form-data; boundary=${boundary}`,
      };
      visit.send(0, { method: "POST", url: "/upload", headers, body: multipart(boundary, upload) });
    } else {
      const browser = browsers[number % browsers.length]!;
      const boundary =
        browser.engine === "gecko"
          ? `----geckoformboundary${(0x1000000 + number * 104_729).toString(16)}c2a1`
          : `----WebKitFormBoundary${Buffer.from(`shop${1000 + number}form`)
              .toString("base64")
              .slice(0, 16)}`;
      visit.send(0, openPage(browser, `/product/${dice.between(1, 24)}`, { referer: `${origin}/products` }));
      visit.send(
        dice.between(3_000, 8_000),
        sendForm(browser, "/upload", "/account", multipart(boundary, upload), `multipart/form-data; boundary=${boundary}`),
      );
    }
    records.push(...visit.records);
  }
  return records;
}

/** As browsers write it: UTF-8 names in quotes, a quote in a name as `%22`. */
function multipart(boundary: string, upload: UploadedFile): Uint8Array {
  const field = `--${boundary}\r\nContent-Disposition: form-data; name="title"\r\n\r\n${upload.title}\r\n`;
  const name = upload.name.replaceAll('"', "%22");
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: ${upload.type}\r\n\r\n`;
  return Buffer.concat([Buffer.from(field + head, "utf8"), upload.bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]);
}

function text(content: string): Uint8Array {
  return Buffer.from(content, "utf8");
}

/** A JPEG as a scanner of bytes sees it: its markers, then compressed data in which any sequence of bytes may occur. */
function photo(size: number, seed: number): Uint8Array {
  return Buffer.concat([Buffer.from("ffd8ffe000104a46494600010101004800480000ffdb", "hex"), noise(size, seed), Buffer.from("ffd9", "hex")]);
}

function heic(): Uint8Array {
  return Buffer.concat([Buffer.from("00000018667479706865696300000000", "hex"), noise(900, 4)]);
}

function webp(): Uint8Array {
  return Buffer.concat([Buffer.from("524946460c03000057454250565038202000", "hex"), noise(780, 5)]);
}

/** The first entry's header of a ZIP file, then compressed data. */
function zip(entry: string): Uint8Array {
  const name = Buffer.from(entry);
  const head = Buffer.from("504b0304140008080800", "hex");
  return Buffer.concat([head, Buffer.alloc(16), Buffer.from([name.length, 0, 0, 0]), name, noise(1_200, 6)]);
}

function pdf(title: string): Uint8Array {
  const source = `%PDF-1.4\n%âãÏÓ\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n3 0 obj\n<< /Title (${title}) /Producer (shop) >>\nendobj\ntrailer\n<< /Root 1 0 R /Info 3 0 R >>\n%%EOF\n`;
  return Buffer.from(source, "latin1");
}

function noise(size: number, seed: number): Uint8Array {
  const dice = createDice(seed * 7_919 + 1);
  return Uint8Array.from({ length: size }, () => dice.between(0, 255));
}
