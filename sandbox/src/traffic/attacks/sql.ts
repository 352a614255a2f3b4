import { createAuthor, type Draft, encode } from "./draft.ts";

/** SQL injection through every door of the shop: query, path, form, JSON, cookie, header, multipart. */
export function sqlAttacks(): Draft[] {
  return [...listAttacks(), ...pathAttacks(), ...searchAttacks(), ...loginAttacks(), ...blindAttacks(), ...otherPlaces()];
}

function listAttacks(): Draft[] {
  const { get } = createAuthor("sqli");
  const rows = { oracle: "hidden-rows", expectDirect: 200 } as const;
  const category = (text: string) => `/products?category=${encode(text)}`;
  return [
    get(category("' OR 1=1-- -"), rows),
    get(category("garden' OR '1'='1' ORDER BY id DESC--"), rows),
    get(category("x' OR 2>1 ORDER BY 1 DESC-- "), rows),
    get(category("x' OR 'released' LIKE 'rel%' ORDER BY id DESC--"), rows),
    get(category("x' OR NOT id IS NULL ORDER BY id DESC--"), rows),
    get(category("x' OR id BETWEEN 80 AND 99--"), rows),
    get(category("x'OR(1)=(1)ORDER/**/BY/**/id/**/DESC--"), rows),
    get(category("x' UNION SELECT id,email,name,1,password FROM users--"), rows),
    get(category("x' UNION ALL SELECT 1,group_concat(password_hash),3,4,5 FROM users-- -"), rows),
    get(category("x'/**/uNiOn/**/sElEcT/**/1,secret,3,4,5/**/fRoM/**/vault--"), rows),
    get(category("x'\tUNION\nSELECT\f1,secret,label,4,5\nFROM\tvault--"), rows),
    get(category("x' UNION--\nSELECT 1,secret,3,4,5 FROM vault--"), rows),
    get(category("x' UNION SELECT 1,sql,3,4,5 FROM sqlite_master WHERE type='table'--"), rows),
    get(category("x' UNION SELECT * FROM (SELECT 1)a JOIN (SELECT secret FROM vault)b JOIN (SELECT 3)c JOIN (SELECT 4)d--"), {
      oracle: "sql-error",
      expectDirect: 500,
    }),
    get(category("x' UNION SELECT 1,api_key,name,4,5 FROM partners--"), rows),
    get(category("x' OR extractvalue(1,concat(0x7e,(SELECT secret FROM vault)))--"), { oracle: "hidden-rows", expectDirect: 500 }),
    get(category("x'; SELECT id,email,password,role,1 FROM users--"), rows),
    get(`/products?category=x'+UNION+SELECT+1,secret,3,4,5+FROM+vault--+-`, rows),
    get(`/products?category=x%27%20UNION/*&category=*/SELECT%201%2Csecret%2C3%2C4%2C5%20FROM%20vault--`, rows),
    get(`/products?sort=${encode("extractvalue(1,(SELECT secret FROM vault))")}`, { oracle: "hidden-rows", expectDirect: 500 }),
    get(`/products?sort=${encode("1;SELECT 1,secret,3,4,5 FROM vault--")}`, rows),
    get(`/products?category=books&sort=${encode("id LIMIT 1 UNION SELECT 1,2,3,4,5")}`, { oracle: "sql-error", expectDirect: 500 }),
    get(`/products?sort=${encode("(CASE WHEN (SELECT substr(password,1,1) FROM users LIMIT 1)='T' THEN price_cents ELSE name END)")}`),
    get(category("books'"), { oracle: "sql-error", expectDirect: 500 }),
    get(category("books\"))'"), { oracle: "sql-error", expectDirect: 500 }),
    get(`/api/products?category=${encode("' UNION SELECT 1,email,password_hash,4,5 FROM users--")}`, rows),
  ];
}

function pathAttacks(): Draft[] {
  const { get } = createAuthor("sqli");
  const rows = { oracle: "hidden-rows", expectDirect: 200 } as const;
  return [
    get("/product/1%20OR%201=1", rows),
    get("/product/1%20or%20id%3E80", rows),
    get("/product/0%20UNION%20SELECT%201,email,password,4,role%20FROM%20users", rows),
    get("/product/-1%0Aunion%0Aselect%0A1,group_concat(secret),3,4,5%0Afrom%0Avault", rows),
    get("/product/-1/**/UNION/**/SELECT/**/1,secret,3,4,5/**/FROM/**/vault", rows),
    get("/product/0;SELECT%20id,email,password_hash,4,5%20FROM%20users", rows),
    get("/product/0%20UNION%20SELECT%201,load_file('/etc/passwd'),3,4,5", rows),
    get("/product/0%20UNION%20SELECT%201,group_concat(table_name),3,4,5%20FROM%20information_schema.tables"),
    get("/product/0%20||%201%20UNION%20SELECT%201,char(65)||secret,3,4,5%20FROM%20vault", rows),
    get("/product/1'", { oracle: "sql-error", expectDirect: 500 }),
    get("/product/1%20AND%20extractvalue(1,concat('~',(SELECT%20password%20FROM%20users%20LIMIT%201)))", {
      oracle: "hidden-rows",
      expectDirect: 500,
    }),
    get("/api/products/0%20UNION%20SELECT%20id,email,name,4,password%20FROM%20users%20WHERE%20role='admin'", rows),
    get("/api/products/1%20OR%20TRUE", rows),
  ];
}

function searchAttacks(): Draft[] {
  const { get } = createAuthor("sqli");
  const rows = { oracle: "hidden-rows", expectDirect: 200 } as const;
  const search = (text: string) => `/search?q=${encode(text)}`;
  return [
    get(search("zzz' UNION SELECT id,email,name,1,role FROM users--"), rows),
    get(search("%' OR released=0--"), rows),
    get(search("lantern' AND 0 UNION SELECT 1,secret,label,4,5 FROM vault-- -"), rows),
    get(search("zzz'UNION(SELECT(1),secret,3,4,5 FROM vault)--"), { expectDirect: 200 }),
    get(search("zzz' UNION SELECT 1,(SELECT group_concat(email) FROM users),3,4,5--"), rows),
    get(search("zzz' UNION SELECT 1,concat(email,char(58),password),3,4,5 FROM users WHERE id=1--"), rows),
    get(`/search?q=zzz%2527%20UNION%20SELECT%201,2,3,4,5--`),
    get(`/search?q=zzz%EF%BC%87+UNION+SELECT+1,secret,3,4,5+FROM+vault--`),
  ];
}

function loginAttacks(): Draft[] {
  const { form, json, multipart } = createAuthor("sqli");
  const forged = { oracle: "forged-login" } as const;
  const login = (email: string, password: string) =>
    form("/login", `email=${encode(email)}&password=${encode(password)}`, { ...forged, expectDirect: 303 });
  return [
    login("admin@harbour-pine.example' --", "x"),
    login("admin@harbour-pine.example'/*", "*/--"),
    login("' OR 1=1--", ""),
    login("' OR '1'='1' LIMIT 1-- -", "nothing"),
    login("nobody@mail.example", "' OR 'a'='a"),
    login("x' OR role='admin'--", "y"),
    login("x' UNION SELECT 1,'a@b','Admin','admin'--", "y"),
    login("'\tor\nid=1--", "y"),
    login("x'OR/**/EXISTS(SELECT 1)--", "y"),
    login("\\", " OR 1=1--' OR '1'='1"),
    form("/login", `email=${"%27%20%4F%52%20%31%3D%31%2D%2D"}&password=x`, { ...forged, expectDirect: 303 }),
    json("/api/login", { email: "admin@harbour-pine.example'--", password: "x" }, { ...forged, expectDirect: 200 }),
    json("/api/login", { email: "nobody", password: "' OR id=2--" }, { ...forged, expectDirect: 200 }),
    json("/api/login", `{"email":"\\u0027 OR 1=1\\u002d\\u002d","password":"x"}`, { ...forged, expectDirect: 200 }),
    json(
      "/api/login",
      { email: "' UNION SELECT id,email,name,role FROM users WHERE role='admin'--", password: "" },
      { ...forged, expectDirect: 200 },
    ),
    multipart(
      "/login",
      [
        { name: "email", value: "' OR role='staff'--" },
        { name: "password", value: "x" },
      ],
      { ...forged, expectDirect: 303 },
    ),
  ];
}

function blindAttacks(): Draft[] {
  const { get, json } = createAuthor("sqli");
  const delayed = { oracle: "sql-delay", expectDirect: 200 } as const;
  const boolean = (name: string, yes: string, no: string) => [
    get(`/product/${encode(yes)}`, { scenario: `sql-boolean-${name}`, expectDirect: 200, from: "chrome" }),
    get(`/product/${encode(no)}`, { scenario: `sql-boolean-${name}`, oracle: "sql-boolean", expectDirect: 404, from: "chrome" }),
  ];
  return [
    get(`/product/${encode("1 AND sleep(5)=0")}`, delayed),
    get(`/product/${encode("1;WAITFOR DELAY '0:0:5'--")}`, delayed),
    get(`/products?category=${encode("x' OR pg_sleep(5)=1--")}`, delayed),
    get(`/products?sort=${encode("(SELECT benchmark(9000000,1))")}`, delayed),
    get(`/search?q=${encode("x' AND (SELECT sleep(3))--")}`),
    get(`/search?q=${encode("%' AND sleep(3)=0--")}`, delayed),
    get(`/product/${encode("1 AND CASE WHEN (SELECT substr(email,1,1) FROM users WHERE id=1)='a' THEN sleep(4) ELSE 0 END=0")}`, delayed),
    json("/api/login", { email: "x' OR sleep(4)--", password: "x" }, { oracle: "sql-delay" }),
    ...boolean("constant", "3 AND 1=1", "3 AND 1=2"),
    ...boolean("letters", "3 AND (SELECT substr(secret,1,1) FROM vault)='p'", "3 AND (SELECT substr(secret,1,1) FROM vault)='q'"),
    ...boolean("numbers", "3 AND (SELECT count(*) FROM users)>5", "3 AND (SELECT count(*) FROM users)>500"),
  ];
}

function otherPlaces(): Draft[] {
  const { get } = createAuthor("sqli");
  const rows = { oracle: "hidden-rows", expectDirect: 200 } as const;
  const seen = (text: string) => get("/", { ...rows, headers: { cookie: `lang=en; seen=${text}` } });
  const partner = (text: string) => get("/api/products", { ...rows, headers: { "x-partner-key": text } });
  return [
    seen(encode("1) OR 1=1--")),
    seen(encode("0) UNION SELECT id,email,name,4,password FROM users-- -")),
    seen("0)/**/UNION/**/SELECT/**/1,secret,3,4,5/**/FROM/**/vault--"),
    seen("0) UNION SELECT 1,group_concat(password_hash),3,4,5 FROM users--"),
    partner("' UNION SELECT group_concat(email) FROM users--"),
    partner("x' UNION SELECT secret FROM vault-- -"),
    partner("x' OR 1=1 UNION SELECT api_key FROM partners--"),
  ];
}
