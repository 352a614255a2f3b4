/**
 * Calls that other services make to the shop: payments, parcels, chat, code hosting. Their bodies carry other people's text.
 *
 * @module
 */
import { createHmac } from "node:crypto";
import { secrets } from "../../shop/secrets.ts";

export interface Callback {
  readonly sender: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Objects are sent as JSON. */
  readonly body: unknown;
}

/** The signature the shop expects: HMAC-SHA-256 of the body. */
export function sign(body: string): string {
  return `sha256=${createHmac("sha256", secrets.webhookKey).update(body, "utf8").digest("hex")}`;
}

const json = { "content-type": "application/json; charset=utf-8", accept: "*/*" };

const payments: Callback["headers"] = {
  ...json,
  "accept-encoding": "gzip",
  "cache-control": "no-cache",
  "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
  "stripe-signature": "t=1763370061,v1=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd",
};
const codeHost: Callback["headers"] = {
  accept: "*/*",
  "content-type": "application/json",
  "user-agent": "GitHub-Hookshot/c1f6a2e",
  "x-github-delivery": "4b7d2a10-c388-11f0-9b1e-7f2f7a3f1f0a",
  "x-github-event": "issues",
  "x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
};

/** One minute of callbacks. */
export const callbacks: readonly Callback[] = [
  callback("stripe", payments, {
    id: "evt_1SUx2kLkdIwHu7ix",
    object: "event",
    type: "payment_intent.succeeded",
    data: {
      object: {
        id: "pi_3SUx2j",
        amount: 4150,
        currency: "eur",
        description: "Order #1183: Folding saw × 1",
        metadata: { gift_note: "To Mum & Dad <3 -- don't open before 24/12!" },
      },
    },
    livemode: true,
  }),
  callback("stripe", payments, {
    id: "evt_1SUx2mLkdIwHu7iy",
    object: "event",
    type: "charge.refunded",
    data: { object: { id: "ch_3SUx2k", amount_refunded: 1450, reason: "requested_by_customer", receipt_email: "o'brien+shop@example.ie" } },
  }),
  callback("stripe", payments, {
    id: "evt_1SUx2nLkdIwHu7iz",
    object: "event",
    type: "customer.updated",
    data: {
      object: {
        name: 'L\'Atelier "Chez Zoë" S.à r.l.',
        address: { line1: "12, rue de l'Église; bât. B", city: "Saint-Denis", country: "FR" },
      },
      previous_attributes: { name: null },
    },
  }),
  callback("stripe", payments, {
    id: "evt_1SUx2oLkdIwHu7ja",
    object: "event",
    type: "payment_intent.payment_failed",
    data: {
      object: {
        last_payment_error: {
          code: "card_declined",
          message:
            "Your card was declined. Your request was in test mode, but used a non test card; select another card or contact your bank.",
        },
      },
    },
  }),
  callback("github", codeHost, {
    action: "opened",
    issue: {
      number: 412,
      title: "Search: `O'Reilly` gives no results",
      body: '**Steps**\n1. open `/search?q=O\'Reilly`\n2. see *0 results*\n\n```js\nif (query.length > 0 && query !== "") {\n  return index.find((entry) => entry.name.includes(query));\n}\n```\n\nExpected: 1 result. <details><summary>Log</summary>none</details>',
    },
    repository: { full_name: "example/shop" },
    sender: { login: "octo-pine", type: "User" },
  }),
  callback(
    "github",
    { ...codeHost, "x-github-event": "push" },
    {
      ref: "refs/heads/main",
      commits: [
        {
          id: "6dcb09b",
          message: "Drop the old table of contents; select chapters by tag\n\nFixes #398 (it's been a while...)",
          author: { name: "Siobhán O'Brien", email: "siobhan@example.ie" },
          added: ["docs/union-of-salt.md"],
          removed: [],
          modified: ["src/search.ts", "package.json"],
        },
      ],
    },
  ),
  callback(
    "github",
    { ...codeHost, "content-type": "application/x-www-form-urlencoded", "x-github-event": "ping" },
    `payload=${encodeURIComponent(JSON.stringify({ zen: "Approachable is better than simple.", hook_id: 41, hook: { type: "Repository", active: true, events: ["push", "*"] } }))}`,
  ),
  callback(
    "gitlab",
    {
      "content-type": "application/json",
      "user-agent": "GitLab/18.6.0",
      "x-gitlab-event": "Merge Request Hook",
      "x-gitlab-token": "s3cr3t-t0ken",
      "x-gitlab-instance": "https://gitlab.example",
      accept: "*/*",
      "accept-encoding": "gzip;q=1.0,deflate;q=0.6,identity;q=0.3",
      connection: "close",
    },
    {
      object_kind: "merge_request",
      object_attributes: {
        title: "Draft: show prices < 20 € first",
        description: "/cc @anna\n\n- [x] tests\n- [ ] docs & changelog",
        state: "opened",
      },
    },
  ),
  callback(
    "shopify",
    {
      ...json,
      "user-agent": "Shopify-Captain-Hook",
      "x-shopify-topic": "orders/create",
      "x-shopify-hmac-sha256": "XWmrwMey6OsLMeiZKwP4FppHH3cmAiiJJAweH5Jo4bM=",
      "x-shopify-shop-domain": "harbour.example",
      "accept-encoding": "gzip;q=1.0,deflate;q=0.6,identity;q=0.3",
    },
    {
      id: 820982911946154500,
      email: "jon@example.com",
      line_items: [{ title: 'Enamel mug "Harbour"', price: "14.50", quantity: 2, sku: "HP-0001/B" }],
      note: "Please leave with neighbour (no. 12½); dog barks -- harmless.",
      total_discounts: "10.00%",
    },
  ),
  callback(
    "paypal",
    {
      ...json,
      "user-agent": "PayPal/AUHR-1.0-1",
      "paypal-auth-algo": "SHA256withRSA",
      "paypal-transmission-id": "69cd13f0-d67a-11e5-baa3-778b53f4ae55",
      "correlation-id": "2f9ab7c3d1e4f",
    },
    {
      id: "WH-2WR32451HC0233532-67976317FL4543714",
      event_type: "PAYMENT.CAPTURE.COMPLETED",
      summary: "Payment completed for $ 39.0 USD",
      resource: {
        amount: { value: "39.00", currency_code: "USD" },
        links: [{ href: "https://api.paypal.example/v2/payments/captures/27M47624FP291604U", rel: "self" }],
      },
    },
  ),
  callback(
    "twilio",
    {
      "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
      "user-agent": "TwilioProxy/1.1",
      "x-twilio-signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
      "i-twilio-idempotency-token": "6b1a6c1e-3f58-4f3d-9f0e-2c6f1d2b7f33",
      accept: "*/*",
      connection: "close",
    },
    new URLSearchParams({
      From: "+353861234567",
      To: "+442079460991",
      Body: "Where's my order #1183?? It's 3 days late :-( 100% unhappy",
      NumMedia: "0",
    }).toString(),
  ),
  callback(
    "slack",
    {
      ...json,
      "user-agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
      "x-slack-request-timestamp": "1763370061",
      "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
      "accept-encoding": "gzip,deflate",
    },
    {
      type: "event_callback",
      event: {
        type: "message",
        user: "U061F7AUR",
        text: "<@U0LAN0Z89> can you `select` the winner & drop them a DM? see <https://shop.example/reviews?product=7|reviews>",
        ts: "1763370061.000200",
      },
    },
  ),
  callback(
    "discord",
    {
      ...json,
      "user-agent": "Discord-Interactions/1.0 (+https://discord.com)",
      "x-signature-timestamp": "1763370061",
      "x-signature-ed25519": "9c1f".repeat(32),
    },
    { type: 2, data: { name: "order", options: [{ name: "note", value: "2x mug (blue/white), no plastic pls; thx <3" }] } },
  ),
  callback("sendgrid", { ...json, "user-agent": "SendGrid Event API" }, [
    {
      email: "d'arcy@example.com",
      event: "click",
      url: "https://shop.example/products?category=kitchen&sort=name#top",
      useragent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X)",
      timestamp: 1763370061,
    },
    {
      email: "x@example.com",
      event: "bounce",
      reason: "550 5.1.1 <x@example.com>: Recipient address rejected: User unknown in local recipient table",
    },
  ]),
  callback(
    "mailgun",
    { ...json, "user-agent": "mailgun/treq-20.3.0" },
    {
      signature: { timestamp: "1763370061", token: "0d6b6d6c2f", signature: "a77c" },
      "event-data": { event: "delivered", message: { headers: { subject: 'Re: [order 1183] "mug" arrived broken / what now?' } } },
    },
  ),
  callback(
    "postmark",
    { ...json, "user-agent": "Postmark" },
    {
      RecordType: "Inbound",
      From: "kovács@example.hu",
      Subject: "Árajánlat -- 20% kedvezmény?",
      TextBody:
        "Kedves Bolt!\r\n\r\n> On 17 Nov 2025, Shop wrote:\r\n> select a size, or drop us a line\r\n\r\nKöszönöm,\r\nT. Kovács\r\n-- \r\nSent from my phone",
      HtmlBody: "<p>Kedves Bolt!</p><blockquote>select a size, or drop us a line</blockquote><p>Köszönöm,<br>T. Kovács</p>",
    },
  ),
  callback(
    "dhl",
    { ...json, "user-agent": "DHL-Tracking-Push/3.1" },
    {
      trackingNumber: "00340434161094015902",
      status: "transit",
      description: "Die Sendung wurde im Ziel-Paketzentrum bearbeitet (Köln-West).",
      timestamp: "2025-11-17T08:41:00+01:00",
    },
  ),
  callback(
    "ups",
    { "content-type": "application/json", "user-agent": "UPS-QuantumView/1.0", accept: "application/json", credential: "b3BhcXVl" },
    {
      trackingNumber: "1Z999AA10123456784",
      activityStatus: { type: "D", description: "DELIVERED; left at: FRONT DOOR, signed by: O'NEILL" },
      scheduledDeliveryDate: "20251117",
    },
  ),
  callback(
    "square",
    { ...json, "user-agent": "Square Connect v2", "square-environment": "Production" },
    {
      merchant_id: "6SSW7HV8K2ST5",
      type: "inventory.count.updated",
      data: { object: { inventory_counts: [{ catalog_object_id: "FXVQ", state: "IN_STOCK", quantity: "-3" }] } },
    },
  ),
  callback(
    "calendly",
    { ...json, "user-agent": "Calendly-Webhooks/1.0" },
    {
      event: "invitee.created",
      payload: {
        name: "Anne-Marie D'Angelo",
        questions_and_answers: [
          { question: "What would you like to see?", answer: 'Lamps; blankets; and/or "something for him" (50+, has everything)' },
        ],
      },
    },
  ),
  callback(
    "typeform",
    { ...json, "user-agent": "Typeform Webhooks" },
    {
      event_type: "form_response",
      form_response: {
        answers: [
          { type: "text", text: "Your checkout's <b>very</b> good, but the back button -> basket is empty?!" },
          { type: "number", number: -1 },
          { type: "boolean", boolean: false },
        ],
      },
    },
  ),
  callback(
    "jira",
    { ...json, "user-agent": "Atlassian Webhook HTTP Client", "x-atlassian-webhook-identifier": "5e1f" },
    {
      webhookEvent: "jira:issue_updated",
      issue: {
        key: "SHOP-1=1",
        fields: {
          summary: "Update, delete & insert buttons overlap",
          description: "{code:css}.card > .meta { display: none; }{code}\n||browser||ok?||\n|Firefox|(/)|",
        },
      },
    },
  ),
  callback(
    "zapier",
    { ...json, "user-agent": "Zapier", "accept-encoding": "gzip,deflate" },
    { row: { A: "=SUM(B2:B9)", B: "1/2", C: "N/A", D: "50%", E: 'it\'s "fine"' } },
  ),
  callback(
    "partner",
    {
      "content-type": "application/vnd.api+json",
      accept: "application/vnd.api+json",
      "user-agent": "PartnerBridge/4.4 (+https://partner.example/docs)",
    },
    {
      data: {
        type: "price-list",
        attributes: nested(12),
        meta: { generated: "2025-11-17T09:00:00Z", tags: ["a/b", "c\\d", "e|f", "<none>"] },
      },
    },
  ),
];

function callback(sender: string, headers: Callback["headers"], body: unknown): Callback {
  return { sender, headers, body };
}

/** Deep, but not deeper than real category trees. */
function nested(depth: number): unknown {
  return depth === 0 ? { name: "Mugs & more", price: { gross: 14.5, net: 12.18 } } : { level: depth, children: [nested(depth - 1)] };
}
